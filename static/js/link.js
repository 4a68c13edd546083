// @ts-check
/* The little script of a mentor's link: the page opens without network, and what is said there waits until it is back. */
import "./register.js";
import "./outbox.js";
