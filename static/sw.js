// @ts-check
/* The service worker. The server writes a line before this one: VERSION and KEPT, the files that every page needs.
   Files under a versioned path never change, so they are taken from the cache; pages are personal and always come from
   the network. Two pages are kept that have nothing personal: the one that says there is no network, and the
   words in flight mode, whose words, pictures and sounds the page itself has stored (word-pack.js). Two more are kept
   as they were last seen, so that days can be spoken of without network: a citizen's hours, which go away with her
   (word-keeping.js), and a mentor's link. A new version waits until the app is closed, so that no open page loses its
   own files.
   It also shows messages. What there is to tell the server about one, that it was on the screen or what she answered,
   is kept first and then sent, so that neither a dead network nor a killed worker loses it. */
/* global VERSION, KEPT */

const CACHE = `citizen-app-${VERSION}`;
const WORDS = "citizen-words";
const OFFLINE = "/offline";
const POCKET = "/practice/pocket";
const HOURS = "citizen-hours";
const LINKS = "mentor-days";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...KEPT, OFFLINE, POCKET])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([deleteOldCaches(), deleteOldPages(), self.registration.navigationPreload?.enable()]));
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
  event.waitUntil(sendPatiently());
});

async function deleteOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => ![CACHE, WORDS, HOURS, LINKS].includes(name)).map((name) => caches.delete(name)));
}

// A page of days that belongs to an older version would stand there without its style and script.
async function deleteOldPages() {
  for (const name of [HOURS, LINKS]) {
    if (!(await caches.has(name))) continue; // to open it would make it
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const page = await (await cache.match(request)).text();
      if (!page.includes(`/static/${VERSION}/`)) await cache.delete(request);
    }
  }
}

async function pageFor(event) {
  const { pathname } = new URL(event.request.url);
  const ofDays = pathname === "/attendance" ? HOURS : /^\/m\/[^/]+$/.test(pathname) ? LINKS : "";
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    if (ofDays) event.waitUntil(keepDays(ofDays, pathname, answer.clone()).catch(() => undefined)); // no room on the phone
    return answer;
  } catch {
    const kept = ofDays && (await caches.match(pathname, { cacheName: ofDays, ignoreVary: true }));
    if (kept) return kept;
    const isAboutWords = /^\/(practice|words)(\/|$)/.test(pathname);
    return (await caches.match(isAboutWords ? POCKET : OFFLINE, { ignoreVary: true })) ?? Response.error();
  }
}

// A link that opens no more takes its page away, too.
async function keepDays(name, pathname, answer) {
  const cache = await caches.open(name);
  if (answer.ok && !answer.redirected) await cache.put(pathname, answer);
  else if (answer.status < 500) await cache.delete(pathname);
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

// --- Messages -------------------------------------------------------------------------------------------------

const PATIENCE = 10_000;
const KEEP_DAYS = 14;
const DAY = 86_400_000;

self.addEventListener("push", (event) => event.waitUntil(show(event.data)));

self.addEventListener("notificationclick", (event) => {
  const { data, tag } = event.notification;
  if (event.action) event.waitUntil(answer({ ...data, tag }, event.action));
  else event.waitUntil(closeAndOpen(event.notification));
});

self.addEventListener("sync", (event) => {
  if (event.tag === "kept") event.waitUntil(sendKept().then(failIfAny)); // a failure makes the phone try again
});

self.addEventListener("online", sendPatiently);

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(subscribeAnew(event).catch(() => undefined)));

// Phones demand that each push shows something, also one that cannot be read.
async function show(payload) {
  let message;
  try {
    message = payload.json();
  } catch {
    message = undefined;
  }
  if (typeof message?.title !== "string") return showNeutral();
  const { title, answers = [], ...rest } = message;
  const actions = answers.slice(0, Notification.maxActions ?? 2);
  await notify(title, { ...rest, actions }, message);
  if (message.key) await tell("/reminders/shown", message, {});
  await sendKept();
}

async function showNeutral() {
  const offline = await caches.match(OFFLINE, { ignoreVary: true });
  const title = decodeURIComponent(offline?.headers.get("Neutral-Message") ?? "Sammen");
  await notify(title, { tag: "neutral", lang: offline?.headers.get("Content-Language") ?? "" }, { url: "/" });
}

function notify(title, { body = "", lang = "", dir = "auto", tag = "", actions = [] }, data) {
  const icon = KEPT.find((path) => path.endsWith("icon-192.png"));
  const badge = KEPT.find((path) => path.endsWith("badge.png"));
  return self.registration.showNotification(title, { body, lang, dir, tag, renotify: false, icon, badge, actions, data });
}

async function closeAndOpen(notification) {
  notification.close();
  await open(notification.data?.url);
}

async function open(address) {
  const url = new URL(address || "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  const [window] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  try {
    await (await window.focus()).navigate(url.href);
  } catch {
    await self.clients.openWindow(url.href).catch(() => undefined); // not allowed: it was not her finger
  }
}

// The notification turns into what became of her answer: taken, too late, or kept on the phone.
async function answer(message, value) {
  const state = await tell("/reminders/answer", message, { value, at: Date.now() });
  if (state === "kept") await say(message, message.later);
  if (value === "cannot" && state !== "kept") await open(message.url);
}

async function say(message, text) {
  if (text) return notify(text, { ...message, body: "" }, { url: message.url });
  for (const shown of await self.registration.getNotifications({ tag: message.tag })) shown.close();
}

// --- What is kept until the server has it ---------------------------------------------------------------------

async function tell(address, message, more) {
  const { reminder, device, key } = message;
  const at = Date.now();
  const post = { id: `${address} ${reminder}`, at, address, body: { reminder, device, key, ...more }, message };
  await within("readwrite", (store) => store.put(post)).catch(() => undefined); // no room: it is sent all the same
  const state = await send(post);
  if (state === "kept") await self.registration.sync?.register("kept").catch(() => undefined);
  return state;
}

// What is on its way is not sent again: who else wants it sent waits for the same answer.
const onTheWay = new Map();
const nameOf = (post) => `${post.id} ${post.at}`;
function send(post) {
  const name = nameOf(post);
  if (!onTheWay.has(name)) onTheWay.set(name, sendNow(post).finally(() => onTheWay.delete(name)));
  return onTheWay.get(name);
}

async function sendNow(post) {
  let response;
  try {
    const headers = { "Content-Type": "application/json" };
    const signal = AbortSignal.timeout(PATIENCE);
    response = await fetch(post.address, { method: "POST", headers, body: JSON.stringify(post.body), signal });
  } catch {
    return "kept";
  }
  if (response.redirected || response.status >= 500 || response.status === 429) return "kept";
  await drop(post).catch(() => undefined);
  const state = response.ok ? "taken" : response.status === 409 ? "stale" : "refused";
  if (post.address === "/reminders/answer") await say(post.message, wordsFor(state, post));
  return state;
}

// Each answer has thanks of its own, for who is late reads something else than who cannot come.
function wordsFor(state, { message, body }) {
  const { answers = [], thanks, stale } = message;
  const own = answers.find(({ action }) => action === body.value)?.thanks;
  return { taken: own ?? thanks, stale }[state];
}

function failIfAny(left) {
  if (left) throw new Error("there is no way to the server yet");
}

// Who asks while it is being done may know of a network that these tries have missed: then it is done once more.
let sending;
let sendingAgain;
function sendKept() {
  if (!sending) return (sending = sendAll().finally(() => (sending = undefined)));
  const again = () => ((sendingAgain = undefined), sendKept());
  return (sendingAgain ??= sending.then(again, again));
}

// A phone says that it is online a moment before its network carries anything.
async function sendPatiently() {
  for (const pause of [0, 500, 2000, 5000]) {
    await new Promise((next) => setTimeout(next, pause));
    if (!(await sendKept().catch(() => 1))) return;
  }
}

/** @returns how many are left, or 0 where the phone keeps nothing */
async function sendAll() {
  let left = 0;
  for (const id of await within("readonly", (store) => store.getAllKeys()).catch(() => [])) {
    const post = await within("readonly", (store) => store.get(id));
    if (!post) continue; // sent meanwhile
    if (Date.now() - post.at > KEEP_DAYS * DAY) await drop(post).catch(() => undefined);
    else if ((await sendAfterOthers(post)) === "kept") left += 1;
  }
  return left;
}

// A try that is on its way may have begun before there was a network.
async function sendAfterOthers(post) {
  const state = (await onTheWay.get(nameOf(post))) ?? "kept";
  return state === "kept" ? send(post) : state;
}

// She may have pressed another answer meanwhile, which is kept in the same place.
async function drop(post) {
  const kept = await within("readonly", (store) => store.get(post.id));
  if (kept?.at === post.at) await within("readwrite", (store) => store.delete(post.id));
}

let opened;
function database() {
  opened ??= new Promise((settle, fail) => {
    const request = indexedDB.open("citizen-answers", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("posts", { keyPath: "id" });
    request.onsuccess = () => settle(request.result);
    request.onerror = () => fail(request.error);
  });
  opened.catch(() => (opened = undefined)); // the next one tries again
  return opened;
}

async function within(mode, use) {
  const transaction = (await database()).transaction("posts", mode);
  const request = use(transaction.objectStore("posts"));
  return new Promise((settle, fail) => {
    transaction.oncomplete = () => settle(request.result);
    transaction.onerror = transaction.onabort = () => fail(transaction.error);
  });
}

// --- The way to this phone ------------------------------------------------------------------------------------

// The browser has changed the phone's address; where nobody is signed in any more, there is nobody to tell.
async function subscribeAnew(event) {
  const given = await fetch("/push/key", { redirect: "error" });
  const { key, csrf } = await given.json();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = event.newSubscription ?? (key && (await self.registration.pushManager.subscribe(options)));
  if (!subscription) return;
  const { endpoint, keys } = subscription.toJSON();
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  const body = JSON.stringify({ consent: "granted", endpoint, ...keys });
  await fetch("/push/device", { method: "POST", headers, body });
}
