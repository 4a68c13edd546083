// @ts-check
/* `<listen-button>`: reads the nearest card aloud, each piece in its own language by a real voice of that language.
   It shows itself only when the phone has a voice for the card's main language: a wrong voice is worse than none.
   Android names voices that it lacks; so a refusal by the speaker hides the button for good. */
import { MISSING, utteranceFor, voiceFor } from "./voices.js";

const SILENT =
  "button, .button, input, select, textarea, audio, .tag, .visually-hidden, [hidden], [aria-hidden=true], [data-silent]";
/** @type {ListenButton | null} */
let speaking = null;

class ListenButton extends HTMLElement {
  isMute = false;
  /** Chromium forgets utterances that nobody holds. @type {SpeechSynthesisUtterance[]} */
  utterances = [];

  connectedCallback() {
    this.button = this.querySelector("button");
    if (!this.button || !("speechSynthesis" in window)) return;
    this.button.setAttribute("aria-pressed", "false");
    this.button.onclick = () => (speaking === this ? this.stop() : this.speak());
    speechSynthesis.addEventListener?.("voiceschanged", this);
    this.handleEvent();
  }

  disconnectedCallback() {
    window.speechSynthesis?.removeEventListener?.("voiceschanged", this);
    if (speaking === this) this.stop();
  }

  /** Voices come late, after the page: look again whenever they change. */
  handleEvent() {
    this.hidden = this.isMute || !voiceFor(languageOf(this.card));
  }

  get card() {
    return this.closest("[data-listen], .card") ?? document.querySelector("main") ?? document.body;
  }

  speak() {
    speaking?.stop();
    const utterances = piecesOf(this.card).flatMap(({ language, text }) => {
      const voice = voiceFor(language);
      return voice ? [utteranceFor(text, voice)] : [];
    });
    const last = utterances.at(-1);
    if (!last) return;
    this.utterances = utterances;
    last.onend = () => this.stop();
    for (const utterance of utterances) {
      utterance.onerror = (event) => {
        this.isMute ||= MISSING.includes(event.error);
        if (speaking === this) this.stop();
        this.handleEvent();
      };
    }
    this.show(this);
    for (const utterance of utterances) speechSynthesis.speak(utterance);
  }

  stop() {
    this.show(null);
    speechSynthesis.cancel();
  }

  /** @param {ListenButton | null} who is speaking now */
  show(who) {
    speaking = who;
    this.button?.setAttribute("aria-pressed", String(who === this));
  }
}

/** @param {Element} element */
function languageOf(element) {
  return element.closest("[lang]")?.getAttribute("lang")?.split("-")[0] ?? "";
}

/** What can be seen in a card, in pieces: one per block and language, so that the voice rests between them.
 * @param {Element} card */
function piecesOf(card) {
  /** @type {{ block: Element, language: string, text: string }[]} */
  const pieces = [];
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent || parent.closest(SILENT) || parent.checkVisibility?.() === false) continue;
    const [text, language, block] = [walker.currentNode.nodeValue ?? "", languageOf(parent), blockOf(parent)];
    const before = pieces.at(-1);
    if (before?.block === block && before.language === language) before.text += text;
    else pieces.push({ block, language, text });
  }
  return pieces
    .map(({ language, text }) => ({ language, text: text.replace(/\s+/g, " ").trim() }))
    .filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
}

/** The nearest element around a text that is no part of a line. @param {Element} element @returns {Element} */
function blockOf(element) {
  const inline = getComputedStyle(element).display.startsWith("inline");
  return inline && element.parentElement ? blockOf(element.parentElement) : element;
}

addEventListener("pagehide", () => window.speechSynthesis?.cancel());
customElements.define("listen-button", ListenButton);
