// @ts-check
/* The app's only script: each line brings one custom element or one habit, and every page works without them. */
import "./register.js";
import "./htmx-errors.js";
import "./listen-button.js";

// What few pages need is fetched by those only.
if (document.querySelector("word-sound")) import("./word-sound.js");
if (document.querySelector("word-practice, word-shelf")) import("./word-practice.js");
if (document.querySelector("voice-field")) import("./voice-field.js");
if (document.querySelector("push-switch")) import("./push-switch.js");
if (document.querySelector("[data-kept-words]")) import("./outbox.js");
if (document.querySelector("copy-button")) import("./copy-button.js");
const whenIdle = window.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 500));
if ("indexedDB" in window && "caches" in window) whenIdle(() => import("./word-keeping.js"));
if (document.body.dataset.pushKey) whenIdle(() => import("./push.js").then((push) => push.reportQuietly()));
