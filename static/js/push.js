// @ts-check
/* The way to this phone: asks the browser for an address, and tells the app of it and of what the owner has said.
   Quietly once a day and at each change, so that staff learn of a phone that lost its permission before a meeting. */

/** @typedef {"granted" | "denied" | "default" | "unsupported" | "not_installed"} Consent */
/** @typedef {{ device: number, reaches: boolean }} Told */

const PATIENCE = 15_000;
const TOLD = "push-told";

/** What the owner of this phone has said to notifications. @returns {Consent} */
export function consentHere() {
  if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) return Notification.permission;
  // An iPhone brings these only to an app on the home screen.
  const isIphone = "standalone" in navigator;
  return isIphone && !navigator.standalone ? "not_installed" : "unsupported";
}

/** The phone's address, asked for if there is none or if it belongs to another key. May never settle.
 * @param {string} key @returns {Promise<PushSubscription>} */
async function subscription(key) {
  const { pushManager } = await navigator.serviceWorker.ready;
  const kept = await pushManager.getSubscription();
  const itsKey = kept?.options?.applicationServerKey;
  if (kept && (!itsKey || encoded(itsKey) === key)) return kept;
  await kept?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** Ask for the address, but not for ever. @param {string} key @returns {Promise<PushSubscription>} */
const subscriptionSoon = (key) =>
  Promise.race([
    subscription(key),
    new Promise((_settle, fail) => setTimeout(() => fail(new Error("no push service answers")), PATIENCE)),
  ]);

/** Tell the app how this phone can be reached now. @returns {Promise<Told>} */
export async function report() {
  const consent = consentHere();
  const key = document.body.dataset.pushKey ?? "";
  if (consent !== "granted") return tell({ consent });
  const { endpoint, keys } = (await subscriptionSoon(key)).toJSON();
  return tell({ consent, endpoint, ...keys });
}

/** The same once a day and whenever something has changed; without network the next page tries again. */
export async function reportQuietly() {
  try {
    const news = await newsHere();
    if (localStorage.getItem(TOLD) === news) return;
    await report();
    localStorage.setItem(TOLD, await newsHere());
  } catch {
    // a private window, no network, or a push service that does not answer
  }
}

/** Who is here, on which day, with which consent and address: when it differs from what was told, it is news. */
async function newsHere() {
  const consent = consentHere();
  const registration = consent === "granted" ? await navigator.serviceWorker.getRegistration() : undefined;
  const endpoint = (await registration?.pushManager.getSubscription())?.endpoint ?? "";
  const { learner, mentor, pushKey } = document.body.dataset;
  return [learner ?? mentor, new Date().toDateString(), consent, pushKey, endpoint].join(" ");
}

/** @param {Record<string, unknown>} facts @returns {Promise<Told>} */
async function tell(facts) {
  const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") };
  const response = await fetch("/push/device", {
    method: "POST", headers, body: JSON.stringify(facts), redirect: "error", signal: AbortSignal.timeout(PATIENCE),
  });
  if (!response.ok) throw new Error(`not taken: ${response.status}`);
  return response.json();
}

/** @param {ArrayBuffer} bytes @returns {string} as base64url */
function encoded(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
