// @ts-check
/* `<voice-field>`: a record button in place of a file field. The recording goes into the field, so the form is sent as
   any other. With `data-send` the form is sent at once: a studio where one word follows the other. */
import { canRecord, Recorder } from "./recorder.js";
import { playSound } from "./word-voice.js";

class VoiceField extends HTMLElement {
  recorder = new Recorder();

  connectedCallback() {
    if (!canRecord() || !("DataTransfer" in window)) return;
    const field = /** @type {HTMLInputElement} */ (this.querySelector("input[type=file]"));
    field.hidden = true;
    /** @type {HTMLElement} */ (this.querySelector(".sounds")).hidden = false;
    const record = /** @type {HTMLButtonElement} */ (this.querySelector("[data-record]"));
    record.onclick = () => (this.recorder.isRunning ? this.recorder.stop() : this.record(field, record));
    if (this.hasAttribute("data-focus")) record.focus();
  }

  disconnectedCallback() {
    this.recorder.stop();
  }

  /** @param {HTMLInputElement} field @param {HTMLButtonElement} record */
  async record(field, record) {
    const refused = /** @type {HTMLElement} */ (this.querySelector("[data-refused]"));
    const hear = /** @type {HTMLButtonElement | null} */ (this.querySelector("[data-hear]"));
    refused.hidden = true;
    record.setAttribute("aria-pressed", "true");
    try {
      const voice = await this.recorder.record({ untilSilence: true });
      const files = new DataTransfer();
      files.items.add(new File([voice], "voice", { type: voice.type }));
      field.files = files.files;
      if (this.hasAttribute("data-send")) return field.form?.requestSubmit();
      if (hear) {
        const address = URL.createObjectURL(voice);
        hear.hidden = false;
        hear.onclick = () => playSound(address);
      }
    } catch {
      refused.hidden = false;
      field.hidden = false;
    } finally {
      record.setAttribute("aria-pressed", "false");
    }
  }
}

customElements.define("voice-field", VoiceField);
