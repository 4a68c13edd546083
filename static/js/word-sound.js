// @ts-check
/* `<word-sound>`: a large button in place of the browser's own player, which stays for readers without script. */
import { showUnreachable } from "./notice.js";

class WordSound extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const player = this.querySelector("audio");
    if (!button || !player) return;
    button.hidden = false;
    for (const plain of this.querySelectorAll("[data-plain]")) plain.setAttribute("hidden", "");
    button.addEventListener("click", () => (player.paused ? play(player) : stop(player)));
    for (const change of ["play", "pause", "ended"]) {
      player.addEventListener(change, () => button.setAttribute("aria-pressed", String(!player.paused)));
    }
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
