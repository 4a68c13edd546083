// @ts-check
/* Registers the service worker, and tells it with each page which language its offline page should speak.
   That also brings the offline page back after a sign-out has emptied the caches, and lets the worker send what it
   has kept while there was no network. */

function tell() {
  navigator.serviceWorker.ready
    .then((registration) => registration.active?.postMessage({ language: document.documentElement.lang }))
    .catch(() => undefined);
}

if ("serviceWorker" in navigator) {
  navigator.serviceWorker
    .register("/sw.js", { updateViaCache: "none" })
    .then(tell)
    .catch(() => undefined); // Private windows refuse it; the app works without.
  addEventListener("online", tell);
}
