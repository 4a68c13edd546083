// @ts-check
/* The service worker. The server writes a line before this one: VERSION and KEPT, the files that every page needs.
   Files under this version's path never change, so they are taken from the cache; pages are personal and always come
   from the network. The only page kept is the one that says there is no network. A new version waits until the app
   is closed, so that no open page loses its own files. */
/* global VERSION, KEPT */

const CACHE = `citizen-app-${VERSION}`;
const FILES = `/static/${VERSION}/`;
const OFFLINE = "/offline";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...KEPT, OFFLINE])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([deleteOldCaches(), self.registration.navigationPreload?.enable()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(pageFor(event));
  // Players ask for parts of a sound, and a cache can hold whole answers only.
  else if (isOwnFile(request.url) && !request.headers.has("range")) event.respondWith(fileFor(request));
});

// Each page says its language. What a sign-out or the phone has emptied is fetched again.
self.addEventListener("message", (event) => {
  event.waitUntil(complete(event.data.language).catch(() => undefined)); // offline: at the next page
});

async function deleteOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
}

async function pageFor(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(OFFLINE, { ignoreVary: true })) ?? Response.error();
  }
}

async function fileFor(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

async function complete(language) {
  const cache = await caches.open(CACHE);
  const offline = await cache.match(OFFLINE, { ignoreVary: true });
  if (offline?.headers.get("Content-Language") !== language) await cache.add(OFFLINE);
  const kept = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  await cache.addAll(KEPT.filter((path) => !kept.has(path)));
}

function isOwnFile(address) {
  const { origin, pathname } = new URL(address);
  return origin === self.location.origin && pathname.startsWith(FILES);
}
