// @ts-check
/* The phone's own voices. Android names voices that it lacks and then speaks with another language's, so a voice that
   was refused once is never asked again on this page. */

/** Codes that voices use for our language codes, where they differ. @type {Record<string, string[]>} */
const OTHER_CODES = { ku: ["ku", "kmr"] };
export const MISSING = ["language-unavailable", "voice-unavailable", "synthesis-unavailable"];

/** @type {Set<string>} */
const refused = new Set();

/** The best voice that really speaks a language; one on the phone itself before one from the network.
 * @param {string} language @returns {SpeechSynthesisVoice | undefined} */
export function voiceFor(language) {
  if (!("speechSynthesis" in window)) return undefined;
  const codes = OTHER_CODES[language] ?? [language];
  const speaks = (/** @type {SpeechSynthesisVoice} */ voice) => codes.includes(voice.lang.split(/[-_]/)[0].toLowerCase());
  const fitting = speechSynthesis.getVoices().filter(speaks);
  return fitting.find((voice) => voice.localService) ?? fitting[0];
}

/** A Danish voice that lies on the phone itself: it needs no network and is no other language's in disguise. */
export function danishVoice() {
  const voice = voiceFor("da");
  return voice?.localService && !refused.has(voice.name) ? voice : undefined;
}

/** @param {string} text @param {SpeechSynthesisVoice} voice */
export function utteranceFor(text, voice, rate = 0.9) {
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang.replace("_", "-");
  utterance.rate = rate;
  return utterance;
}

/** Say a Danish text; settles with whether the phone really spoke. @param {string} text @returns {Promise<boolean>} */
export function sayDanish(text, rate = 0.9) {
  const voice = danishVoice();
  if (!voice) return Promise.resolve(false);
  speechSynthesis.cancel();
  return new Promise((settle) => {
    const utterance = utteranceFor(text, voice, rate);
    utterance.onend = () => settle(true);
    utterance.onerror = (event) => {
      if (MISSING.includes(event.error)) refused.add(voice.name);
      settle(!MISSING.includes(event.error));
    };
    speechSynthesis.speak(utterance);
  });
}
