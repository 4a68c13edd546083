// @ts-check
/* What somebody says of a day is kept on the phone until the server has it. Pressed without network, pressed twice or
   sent late, it counts once: each statement carries its own number and the phone's clock.
   A form says with `data-said` where its statements go. Where htmx sends it, this script steps in when there is no
   network; without any script it is a plain form. */

const doNothing = () => undefined;
const PATIENCE = 10_000;
const PAGES = document.body.dataset.learner ? "citizen-hours" : "mentor-days";

/** @typedef {{ id: string, to: string, who: string, day: number, at: number, [more: string]: unknown }} Kept */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;
function database() {
  opened ??= new Promise((settle, fail) => {
    const request = indexedDB.open("citizen-said", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("said", { keyPath: "id" });
    request.onsuccess = () => settle(request.result);
    request.onerror = () => fail(request.error);
  });
  return opened;
}

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} use @returns {Promise<T>} */
async function within(mode, use) {
  const transaction = (await database()).transaction("said", mode);
  const request = use(transaction.objectStore("said"));
  return new Promise((settle, fail) => {
    transaction.oncomplete = () => settle(request.result);
    transaction.onerror = transaction.onabort = () => fail(transaction.error);
  });
}

// A link's address is the mentor; of an account it is whoever is signed in now.
/** @param {string} to */
const whoSpeaks = (to) => (to.startsWith("/m/") ? to : (document.body.dataset.learner ?? document.body.dataset.mentor ?? ""));

/** @returns {Promise<Kept[]>} what waits, and may be sent from this page, oldest first */
async function waiting() {
  /** @type {Kept[]} */
  const all = await within("readonly", (store) => store.getAll());
  return all.filter((one) => one.who && one.who === whoSpeaks(one.to)).sort((one, other) => one.at - other.at);
}

/** @typedef {{ id: string, answer: string, sentence?: string }} Answer */

/** @param {string} to @param {Kept[]} kept @returns {Promise<Answer[]>} what became of each; of none without network */
async function send(to, kept) {
  const statements = kept.map(({ to: _to, who: _who, ...statement }) => statement);
  const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") };
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const response = await fetch(to, { method: "POST", headers, body: JSON.stringify({ statements }), signal });
    return response.ok && !response.redirected ? (await response.json()).statements : [];
  } catch {
    return []; // no network: it stays
  }
}

let sending = false;
async function sendAll() {
  if (sending) return;
  sending = true;
  try {
    let wasTaken = false;
    const kept = await waiting();
    for (const to of new Set(kept.map((one) => one.to))) {
      for (const { id, answer, sentence } of await send(to, kept.filter((one) => one.to === to))) {
        await within("readwrite", (store) => store.delete(id));
        const one = kept.find((statement) => statement.id === id);
        if (answer === "taken") wasTaken = true;
        else if (one) tell(one.day, sentence ?? "");
      }
    }
    if (wasTaken) location.reload();
  } finally {
    sending = false;
  }
}

/** @param {number} day @param {string} sentence */
function tell(day, sentence) {
  const card = document.querySelector(`[data-day="${day}"]`);
  if (!card) return;
  const note = card.querySelector("[data-kept]") ?? card.appendChild(document.createElement("p"));
  note.setAttribute("data-kept", "");
  note.setAttribute("role", "status");
  note.className = "notice";
  note.textContent = sentence;
}

const keptWords = () => /** @type {HTMLElement} */ (document.querySelector("[data-kept-words]"))?.dataset.keptWords ?? "";

/** @param {SubmitEvent} event */
function keepPressed(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const isForHtmx = navigator.onLine && form.hasAttribute("hx-post");
  if (!form.dataset.said || isForHtmx) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  keep(form, new FormData(form, button)).catch(() => submitPlainly(form, button)); // the phone keeps nothing
}

// The phone believed that there was network.
/** @param {CustomEvent} event */
function keepUnsent(event) {
  const { elt: form, requestConfig } = event.detail;
  if (!form.dataset.said) return;
  event.stopImmediatePropagation(); // no word of an error: nothing is lost
  keep(form, requestConfig.formData).catch(doNothing);
}

/** @param {HTMLFormElement} form @param {FormData} sent */
async function keep(form, sent) {
  const { csrf_token: _token, request_id: _request, minutes, ...said } = Object.fromEntries(sent);
  const to = form.dataset.said ?? "";
  const about = { day: Number(form.dataset.sayDay), at: Date.now(), to, who: whoSpeaks(to) };
  const statement = { ...said, id: String(said.id), ...(minutes && { minutes: Number(minutes) }), ...about };
  await within("readwrite", (store) => store.put(statement));
  form.elements.namedItem("id")?.setAttribute("value", crypto.randomUUID()); // another press says something new
  tell(statement.day, keptWords());
  await sendAll();
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} button */
function submitPlainly(form, button) {
  if (button?.name) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}

// Days to come lie on the page already, so that a page without network can be spoken on all week.
function showBegun() {
  for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-opens][hidden]"))) {
    if (Number(card.dataset.opens) <= Date.now()) card.hidden = false;
  }
}

// The first visit came before the service worker could keep the page.
async function keepPage() {
  if (navigator.serviceWorker && !navigator.serviceWorker.controller) await (await caches.open(PAGES)).add(location.pathname);
}

addEventListener("submit", keepPressed, { capture: true });
addEventListener("htmx:sendError", /** @type {EventListener} */ (keepUnsent), { capture: true });
addEventListener("online", () => sendAll().catch(doNothing));
showBegun();
setInterval(showBegun, 60_000);
waiting()
  .then((kept) => kept.forEach((one) => tell(one.day, keptWords())))
  .then(sendAll)
  .catch(doNothing);
keepPage().catch(doNothing);
