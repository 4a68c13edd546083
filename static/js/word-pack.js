// @ts-check
/* Brings the phone and the server together: sends answers that wait, fetches the pack, and stores its pictures and
   sounds for flight mode. Also chooses the next cards, as the server would (practice/rules.py), so that it can be done
   without network. */
import { dropAnswer, keepAnswer, keepPack, keptAnswers, keptPack } from "./word-store.js";

export const FILES = "citizen-words";
const DAY = 86_400_000;
const SESSION = 10;
const NEW_AMONG_DUE = 3;
const AWAY = 30 * DAY;
const PATIENCE = 6_000;

/** Whose page this is; nothing on the page for flight mode, which knows only the pack. */
export const learnerHere = () => Number(document.body.dataset.learner) || null;

/** The pack of the person at this phone: the newest there is. Without network, or when it is slow, the kept one. */
export async function freshPack() {
  const learner = learnerHere();
  let kept = await keptPack().catch(() => undefined);
  if (kept && learner && kept.learner !== learner) kept = undefined;
  if (!navigator.onLine || !(learner ?? kept)) return kept; // nobody is known to learn here
  try {
    await sendAnswers(kept);
    return await fetchPack();
  } catch {
    return kept;
  }
}

/** What time it is, by the server's clock as far as the phone knows it: cheap phones go wrong by hours and years.
 * @param {any} pack */
export const clock = (pack) => Date.now() + (pack.offset ?? 0);

/** @returns {Promise<any>} */
async function fetchPack() {
  const response = await fetch("/practice/pack", { signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok || response.redirected) throw new Error("no pack");
  const pack = await response.json();
  pack.offset = pack.made - Date.now();
  await keepPack(pack);
  for (const answer of await keptAnswers(pack.learner)) if (answer.sent) await dropAnswer(answer.id);
  return pack;
}

/** Send what waits, once each: the server knows an answer by its number. @param {any} [pack] */
export async function sendAnswers(pack) {
  const learner = learnerHere() ?? pack?.learner;
  if (!learner) return;
  const waiting = (await keptAnswers(learner)).filter((answer) => !answer.sent);
  for (let start = 0; start < waiting.length; start += 100) await sendSome(waiting.slice(start, start + 100), pack);
}

/** @param {import("./word-store.js").Answer[]} answers @param {any} pack */
async function sendSome(answers, pack) {
  const body = JSON.stringify(answers.map(({ id, word, knew, exercise, at }) => ({ id, word, knew, exercise, at })));
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken(pack) };
  const response = await fetch("/practice/answers", {
    method: "POST", body, headers, redirect: "error", signal: AbortSignal.timeout(PATIENCE),
  });
  if (response.status === 404 && answers.length > 1) {
    // One of the words has gone; the others must not wait for it.
    for (const answer of answers) await sendSome([answer], pack);
    return;
  }
  if (!response.ok && response.status !== 404) throw new Error(`not taken: ${response.status}`);
  for (const answer of answers) {
    if (response.ok) await keepAnswer({ ...answer, sent: true });
    else await dropAnswer(answer.id);
  }
}

/** @param {any} pack */
function csrfToken(pack) {
  const headers = document.body.getAttribute("hx-headers");
  return headers ? JSON.parse(headers)["X-CSRFToken"] : (pack?.csrf ?? "");
}

/** Store the pack's pictures and sounds, and let go of those it no longer names. @param {any} pack */
export async function storeFiles(pack) {
  if (!("caches" in window)) return;
  const wanted = new Set(pack.words.flatMap((/** @type {any} */ word) => [word.picture, ...soundFiles(word)]).filter(Boolean));
  const cache = await caches.open(FILES);
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    if (!wanted.delete(path)) await cache.delete(request);
  }
  const missing = [...wanted];
  // A few at a time: the reader comes first.
  for (let start = 0; start < missing.length; start += 6) {
    await Promise.all(missing.slice(start, start + 6).map((path) => cache.add(path).catch(() => undefined)));
  }
}

const PLAYS_OPUS = new Audio().canPlayType('audio/ogg; codecs="opus"') !== "";

/** The addresses of a word's sounds, normal and slow, in the kind of file that this phone plays. @param {any} word */
export function soundFiles(word) {
  if (!word.sounds) return [];
  const { opus, mp3, slow_opus: slowOpus, slow_mp3: slowMp3 } = word.sounds;
  return PLAYS_OPUS ? [opus, slowOpus] : [mp3, slowMp3];
}

/** The keys of the next session, at most ten. @param {any} pack
 * @param {import("./word-store.js").Answer[]} answers those that the pack does not know yet, in their order */
export function todaysCards(pack, answers, now = clock(pack)) {
  const isToday = now >= pack.midnight && now < pack.midnight + DAY;
  const midnight = isToday ? pack.midnight : new Date(now).setHours(0, 0, 0, 0);
  const cards = cardsAfter(pack, answers);
  const states = [...cards.values()];
  const begun = states.filter((card) => card.begun_at >= midnight).length;
  const repeated = states.filter((card) => card.answered_at >= midnight && card.begun_at < midnight).length;
  const due = [...cards]
    .filter(([, card]) => card.due_at < midnight + DAY && card.answered_at < midnight)
    .sort(([one, a], [other, b]) => a.due_at - b.due_at || (one < other ? -1 : 1));
  const old = due.slice(0, Math.max(pack.wishes.due - repeated, 0)).map(([key]) => key);
  let fresh = pack.queue.filter((/** @type {string} */ key) => !cards.has(key)).slice(0, Math.max(pack.wishes.new - begun, 0));
  const isBack = states.length > 0 && now - Math.max(...states.map((card) => card.answered_at)) >= AWAY;
  if (isBack && old.length >= SESSION) fresh = [];
  fresh = fresh.slice(0, Math.max(SESSION - old.length, Math.min(NEW_AMONG_DUE, fresh.length)));
  return mixed(old.slice(0, SESSION - fresh.length), fresh);
}

/** The pack's cards with later answers added. How far off a card then is, the server has told beforehand.
 * @param {any} pack @param {import("./word-store.js").Answer[]} answers */
function cardsAfter(pack, answers) {
  /** @type {Map<string, any>} */
  const cards = new Map();
  for (const word of pack.words) if (word.card) cards.set(word.key, word.card);
  for (const { word, knew, at } of answers) {
    const before = cards.get(word);
    const [whenKnown, whenMissed] = before?.days ?? pack.fresh;
    const days = knew ? whenKnown : whenMissed;
    cards.set(word, {
      due_at: at + days * DAY,
      begun_at: before?.begun_at ?? at,
      answered_at: at,
      days: [Math.max(1, 2 * days), 1],
    });
  }
  return cards;
}

/** @param {string[]} old @param {string[]} fresh */
function mixed(old, fresh) {
  const places = [
    ...old.map((key, place) => ({ key, at: (place + 0.5) / old.length, kind: 0 })),
    ...fresh.map((key, place) => ({ key, at: (place + 0.5) / fresh.length, kind: 1 })),
  ];
  return places.sort((one, other) => one.at - other.at || one.kind - other.kind).map(({ key }) => key);
}
