// @ts-check
/* The app's only script: each line brings one custom element or one habit, and every page works without them. */
import "./register.js";
import "./htmx-errors.js";
import "./listen-button.js";
import "./word-sound.js";
