// @ts-check
/* When a press fails: what was typed stays, a kind sentence appears, and the reader is led to it.
   A sentence from our own server always comes with a new target (HX-Retarget); any other 5xx is a proxy's page. */
import { bringIntoView, showUnreachable } from "./notice.js";

const SUMMARY = '[role="alert"][tabindex="-1"]';

for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, showUnreachable);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  if (detail.xhr.status < 500 || detail.xhr.getResponseHeader("HX-Retarget")) return;
  detail.shouldSwap = false;
  showUnreachable();
});

document.addEventListener("htmx:afterSettle", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  if (detail.xhr?.status === 422) focusSummary();
  else if (detail.xhr?.status >= 400) bringIntoView(document.getElementById("notice") ?? document.body);
});

// A plain form would leave the page for the browser's error page, and take along what was typed.
document.addEventListener("submit", (event) => {
  if (navigator.onLine || event.defaultPrevented) return;
  event.preventDefault();
  showUnreachable();
});

/** Lead the reader to the messages of a form that was refused. */
function focusSummary() {
  /** @type {HTMLElement | null} */ (document.querySelector(SUMMARY))?.focus();
}

focusSummary();
