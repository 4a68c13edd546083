// @ts-check
/* `<copy-button>`: copies the field that its `for` names, and says so. Without script the field can be marked and
   copied by hand, so the button stays hidden. */

class CopyButton extends HTMLElement {
  connectedCallback() {
    const field = document.getElementById(this.getAttribute("for") ?? "");
    const button = this.querySelector("button");
    if (!(field instanceof HTMLInputElement) || !button || !navigator.clipboard) return;
    button.onclick = () => this.copy(field);
    this.hidden = false;
  }

  /** @param {HTMLInputElement} field */
  async copy(field) {
    const done = /** @type {HTMLElement} */ (this.querySelector("[role=status]"));
    try {
      await navigator.clipboard.writeText(field.value);
      done.textContent = this.getAttribute("data-done");
    } catch {
      field.select(); // the browser does not let us; marked, it is one press for the person
    }
  }
}

customElements.define("copy-button", CopyButton);
