// @ts-check
/* How a word is heard: a person's recording, else a real Danish voice of the phone, else the computer's file. */
import { showUnreachable } from "./notice.js";
import { danishVoice, sayDanish } from "./voices.js";
import { soundFiles } from "./word-pack.js";

const SLOW = 0.7;
let player = new Audio();

/** Who will say a word: "human", "device", "computer", or nobody. @param {any} word */
export function speakerOf(word) {
  if (word.sounds?.speaker) return "human";
  if (danishVoice()) return "device";
  return word.sounds ? "computer" : "";
}

/** Say a word, normal or slow. @param {any} word */
export async function sayWord(word, isSlow = false) {
  silence();
  if (speakerOf(word) === "device") {
    const spoke = await sayDanish(word.article ? `${word.article} ${word.lemma}` : word.lemma, isSlow ? 0.55 : 0.9);
    if (spoke) return;
  }
  const [normal, slow] = soundFiles(word);
  if (normal) await playSound(isSlow && slow ? slow : normal, isSlow && !slow ? SLOW : 1);
}

/** Play a sound, and only this one. @param {string} address */
export async function playSound(address, rate = 1) {
  silence();
  player = new Audio(address);
  player.playbackRate = rate;
  player.preservesPitch = true;
  try {
    await player.play();
  } catch (error) {
    // An abort is a second press; a phone that wants a tap first is no fault.
    const { name } = /** @type {Error} */ (error);
    if (name !== "AbortError" && name !== "NotAllowedError") showUnreachable();
  }
}

export function silence() {
  player.pause();
  window.speechSynthesis?.cancel();
}
