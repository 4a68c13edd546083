// @ts-check
/* The service worker. The server writes a line before this one: VERSION and KEPT, the files that every page needs.
   Files under a versioned path never change, so they are taken from the cache; pages are personal and always come from
   the network. Two pages are kept, both without anything personal: the one that says there is no network, and the
   words in flight mode, whose words, pictures and sounds the page itself has stored (word-pack.js). A new version
   waits until the app is closed, so that no open page loses its own files. */
/* global VERSION, KEPT */

const CACHE = `citizen-app-${VERSION}`;
const WORDS = "citizen-words";
const OFFLINE = "/offline";
const POCKET = "/practice/pocket";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...KEPT, OFFLINE, POCKET])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([deleteOldCaches(), self.registration.navigationPreload?.enable()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(pageFor(event));
  else if (request.headers.has("range")) event.respondWith(partFor(request));
  else if (isFile(request.url)) event.respondWith(fileFor(request));
});

// Each page says its language. What a sign-out or the phone has emptied is fetched again.
self.addEventListener("message", (event) => {
  event.waitUntil(complete(event.data.language).catch(() => undefined)); // offline: at the next page
});

async function deleteOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE && name !== WORDS).map((name) => caches.delete(name)));
}

async function pageFor(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    const isAboutWords = /^\/(practice|words)(\/|$)/.test(new URL(event.request.url).pathname);
    return (await caches.match(isAboutWords ? POCKET : OFFLINE, { ignoreVary: true })) ?? Response.error();
  }
}

async function fileFor(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  const isVersioned = new URL(request.url).pathname.startsWith("/static/");
  if (answer.status === 200 && isVersioned) (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

// Players ask for parts of a sound, and a cache can hold whole answers only.
async function partFor(request) {
  const kept = await caches.match(request.url, { ignoreVary: true });
  if (!kept) return fetch(request);
  const whole = await kept.blob();
  const [, from, to] = /bytes=(\d*)-(\d*)/.exec(request.headers.get("range")) ?? [];
  const start = Number(from || 0);
  const end = Math.min(to ? Number(to) + 1 : whole.size, whole.size);
  return new Response(whole.slice(start, end), {
    status: 206,
    headers: {
      "Content-Range": `bytes ${start}-${end - 1}/${whole.size}`,
      "Content-Length": String(end - start),
      "Content-Type": kept.headers.get("Content-Type") ?? "application/octet-stream",
    },
  });
}

async function complete(language) {
  const cache = await caches.open(CACHE);
  for (const page of [OFFLINE, POCKET]) {
    const kept = await cache.match(page, { ignoreVary: true });
    if (kept?.headers.get("Content-Language") !== language) await cache.add(page);
  }
  const kept = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  await cache.addAll(KEPT.filter((path) => !kept.has(path)));
}

function isFile(address) {
  const { origin, pathname } = new URL(address);
  return origin === self.location.origin && /^\/(static|words\/photos|words\/recordings)\//.test(pathname);
}
