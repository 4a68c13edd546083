// @ts-check
/* `<push-switch>`: shows one of the states that the server has written (templates/push/_switch.html), and asks for
   permission only after a tap. Says `push-changed` when the way to this phone has changed. */
import { consentHere, report } from "./push.js";

/** @typedef {"ask" | "granted" | "denied" | "unsupported" | "not-installed" | "failed" | "working"} State */

/** @type {Record<ReturnType<typeof consentHere>, State>} */
const STATES = {
  default: "ask",
  granted: "working",
  denied: "denied",
  unsupported: "unsupported",
  not_installed: "not-installed",
};

class PushSwitch extends HTMLElement {
  connectedCallback() {
    for (const button of this.querySelectorAll("button")) button.onclick = () => this.ask();
    this.showOwnPhonesHelp();
    const state = document.body.dataset.pushKey ? STATES[consentHere()] : "unsupported";
    this.show(state);
    if (state === "working") this.connect();
  }

  async ask() {
    // The question must come first: an iPhone allows it only right after the tap.
    const consent = await Notification.requestPermission();
    this.show(STATES[consent]);
    if (consent === "granted") await this.connect();
    else if (consent === "denied") await report().catch(() => undefined); // the next page tells it
    this.focusOnState();
  }

  async connect() {
    try {
      const { reaches } = await report();
      this.show(reaches ? "granted" : "failed");
    } catch {
      this.show("failed");
    }
    const detail = { reaches: this.dataset.shown === "granted" };
    this.dispatchEvent(new CustomEvent("push-changed", { bubbles: true, detail }));
  }

  /** @param {State} state */
  show(state) {
    this.dataset.shown = state;
    for (const part of this.querySelectorAll("[data-state]")) {
      if (part instanceof HTMLElement) part.hidden = part.dataset.state !== state;
    }
  }

  /** The button that was pressed has gone: whoever uses a keyboard goes on where the answer stands. */
  focusOnState() {
    const part = this.querySelector(`[data-state="${this.dataset.shown}"]`);
    if (part instanceof HTMLElement) part.focus();
  }

  /** Leave only this make's help, if it is known. */
  showOwnPhonesHelp() {
    const make = /SamsungBrowser/.test(navigator.userAgent) ? "samsung"
      : /iPhone|iPad/.test(navigator.userAgent) ? "iphone"
      : /Android.*Chrome/.test(navigator.userAgent) ? "chrome" : "";
    if (!make) return;
    for (const help of this.querySelectorAll("[data-phone]")) {
      if (help instanceof HTMLElement) help.hidden = help.dataset.phone !== make;
    }
  }
}

customElements.define("push-switch", PushSwitch);
