// @ts-check
/* Registers the service worker, and tells it with each page which language its offline page should speak.
   That also brings the offline page back after a sign-out has emptied the caches. */

if ("serviceWorker" in navigator) {
  navigator.serviceWorker
    .register("/sw.js", { updateViaCache: "none" })
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => registration.active?.postMessage({ language: document.documentElement.lang }))
    .catch(() => undefined); // Private windows refuse it; the app works without.
}
