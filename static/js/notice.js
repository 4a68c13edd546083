// @ts-check
/* The sentence for "the app cannot be reached", written by the server in the reader's language (layout.html). */

/** Show the sentence in #notice, where it is also announced, and bring it into view. */
export function showUnreachable() {
  const place = document.getElementById("notice");
  const sentence = document.querySelector("template#unreachable");
  if (!place || !(sentence instanceof HTMLTemplateElement)) return;
  place.replaceChildren(sentence.content.cloneNode(true));
  bringIntoView(place);
}

/** @param {Element} element */
export function bringIntoView(element) {
  element.scrollIntoView({ block: "nearest" });
}
