// @ts-check
/* `<word-sound>`: a large button in place of the browser's own player, which stays for readers without script.
   A person's recording goes before a Danish voice of the phone, and that before the computer's file. */
import { showUnreachable } from "./notice.js";
import { danishVoice, sayDanish } from "./voices.js";

const SLOW_PLAYER = 0.7;
const SLOW_VOICE = 0.55;

class WordSound extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const player = this.querySelector("audio");
    if (!button || !player) return;
    button.hidden = false;
    for (const plain of this.querySelectorAll("[data-plain]")) plain.setAttribute("hidden", "");
    const isSlow = this.hasAttribute("data-slow");
    if (isSlow && !this.querySelector("[data-plain]")) player.defaultPlaybackRate = SLOW_PLAYER;
    button.addEventListener("click", async () => {
      const spoke = !this.dataset.speaker && danishVoice() && (await sayDanish(this.dataset.say ?? "", isSlow ? SLOW_VOICE : 0.9));
      if (!spoke) player.paused ? play(player) : stop(player);
      this.tellWhoSpeaks();
    });
    for (const change of ["play", "pause", "ended"]) {
      player.addEventListener(change, () => button.setAttribute("aria-pressed", String(!player.paused)));
    }
    window.speechSynthesis?.addEventListener?.("voiceschanged", () => this.tellWhoSpeaks());
    this.tellWhoSpeaks();
  }

  /** The page says which voice it is. */
  tellWhoSpeaks() {
    const isDevice = Boolean(danishVoice());
    document.getElementById("device-voice")?.toggleAttribute("hidden", !isDevice);
    document.getElementById("computer-voice")?.toggleAttribute("hidden", isDevice);
  }
}

/** Play from the start, and only this one. @param {HTMLAudioElement} player */
function play(player) {
  for (const other of document.querySelectorAll("word-sound audio")) {
    stop(/** @type {HTMLAudioElement} */ (other));
  }
  player.play().catch((error) => {
    if (error.name !== "AbortError") showUnreachable(); // an abort is a second press
  });
}

/** @param {HTMLAudioElement} player */
function stop(player) {
  player.pause();
  if (player.readyState) player.currentTime = 0;
}

customElements.define("word-sound", WordSound);
