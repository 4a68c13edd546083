// @ts-check
/* Keeps the words of whoever is signed in on this phone: sends answers that wait as soon as there is network, and stores
   the pack after a visit to one's own words (a session stores it itself). Where nobody who learns is signed in, the
   words and the page of her hours go away; answers that were not sent stay until she comes back. */
import { FILES, freshPack, learnerHere, sendAnswers, storeFiles } from "./word-pack.js";
import { dropPack, keptPack } from "./word-store.js";

const isPocket = Boolean(document.querySelector("word-shelf"));
const isOwnWords = location.pathname === "/practice";

async function bring() {
  if (isOwnWords && learnerHere()) {
    const pack = await freshPack();
    if (pack) await storeFiles(pack);
  } else {
    await sendAnswers(await keptPack());
  }
}

async function forget() {
  await dropPack();
  await caches.delete(FILES);
  await caches.delete("citizen-hours");
}

const doNothing = () => undefined; // without network or room on the phone: the next page tries again

if (learnerHere() || isPocket) {
  bring().catch(doNothing);
  addEventListener("online", () => bring().catch(doNothing));
} else {
  forget().catch(doNothing);
}
