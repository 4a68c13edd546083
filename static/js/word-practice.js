// @ts-check
/* `<word-practice>`: a session of about ten cards, run on the phone from the pack, with or without network.
   Every card goes the same way: try, see the word, say "knew it" or "not yet". The answer is kept on the phone before
   the next card is shown, and sent when there is network. `<word-shelf>` shows the kept words in flight mode. */
import { canRecord, Recorder } from "./recorder.js";
import { danishVoice, sayDanish, utteranceFor, voiceFor } from "./voices.js";
import { clock, freshPack, sendAnswers, storeFiles, todaysCards } from "./word-pack.js";
import { keepAnswer, keptAnswers } from "./word-store.js";
import { playSound, sayWord, silence, speakerOf } from "./word-voice.js";

const CHOICES = 2;
const TRIED = ["result", "picture", "word", "forms", "sounds", "voice", "meaning", "example", "answers"];
/** What each exercise shows before it is tried. @type {Record<string, string[]>} */
const BEFORE = {
  meet: TRIED.filter((part) => part !== "result"),
  see: ["picture", "options"],
  listen: ["sounds", "voice", "options"],
  meaning: ["meaning", "options"],
  order: ["meaning", "order"],
  say: ["picture", "word", "sounds", "say", "answers"],
  type: ["picture", "meaning", "sounds", "type"],
};

class WordPractice extends HTMLElement {
  /** @type {any} */
  pack;
  /** What is still to come: a word, and whether it is one more time in this session. @type {{ key: string, again: boolean }[]} */
  cards = [];
  done = 0;
  /** @type {string[]} */
  well = [];
  recorder = new Recorder();
  /** The template that is shown now. */
  shown = "";
  /** One way to practise in place of taking turns. @type {string | undefined} */
  exerciseWanted;

  async connectedCallback() {
    if (this.hasAttribute("hidden") && !location.pathname.startsWith("/practice/session")) return;
    this.pack = await freshPack();
    if (!this.pack) return this.show("practice-unkept");
    this.words = new Map(this.pack.words.map((/** @type {any} */ word) => [word.key, word]));
    const answers = await keptAnswers(this.pack.learner); // what is left of them is newer than the pack
    const today = todaysCards(this.pack, answers);
    this.seen = new Set(answers.map((answer) => answer.word));
    for (const word of this.pack.words) if (word.card) this.seen.add(word.key);
    this.cards = today.map((key) => ({ key, again: false }));
    if (this.cards.length) this.next();
    else this.show("practice-none");
    this.hidden = false;
    storeFiles(this.pack);
  }

  disconnectedCallback() {
    silence();
    this.recorder.stop();
  }

  /** Put a copy of a template in place of what is shown; one card is used for all, which is ten times as fast.
   * @param {string} id */
  show(id) {
    if (this.shown !== id) this.replaceChildren(copyOf(id));
    this.shown = id;
    this.hidden = false;
    document.body.classList.toggle("in-session", id === "practice-card");
    if (window.scrollY) window.scrollTo(0, 0);
    /** @type {HTMLElement | null} */ (this.querySelector("h2[tabindex]"))?.focus({ preventScroll: true });
    return this;
  }

  next() {
    silence();
    const card = this.cards[0];
    if (!card) return this.end();
    this.word = this.words?.get(card.key);
    this.exercise = this.exerciseWanted ?? exerciseFor(this.word, { isNew: !this.seen?.has(card.key), turn: this.done, pack: this.pack });
    this.seen?.add(card.key);
    this.show("practice-card");
    this.empty();
    this.fill();
    this.only(BEFORE[this.exercise]);
    this.readAloud();
    this.set("[data-now]", String(this.done + 1));
    this.set("[data-all]", String(this.done + this.cards.length));
    for (const ask of this.all("[data-ask]")) ask.hidden = ask.dataset.ask !== this.exercise;
    if (this.exercise === "see" || this.exercise === "meaning") this.offerWords();
    if (this.exercise === "listen") this.offerPictures();
    if (this.exercise === "order") this.offerSentence();
    if (this.exercise === "say") this.offerRecording();
    if (this.exercise === "type") this.offerField();
    const { word } = this;
    if (["listen", "meet", "say"].includes(this.exercise)) afterPaint(() => this.word === word && sayWord(word));
    const coming = this.words?.get(this.cards[1]?.key)?.picture;
    if (coming) afterPaint(() => (new Image().src = coming));
    return this;
  }

  /** Take away what the card before has left. */
  empty() {
    for (const place of this.all("[data-part=options], [data-line], [data-pile]")) place.replaceChildren();
    for (const button of this.all("[data-knew]")) button.classList.remove("button-main");
    this.one("[data-part=options]").classList.remove("options-pictures");
    this.one("[data-mine]").hidden = true;
    this.one("[data-record]").setAttribute("aria-pressed", "false");
    /** @type {HTMLInputElement} */ (this.one("#typed")).value = "";
  }

  /** Write the word into all parts of the card. */
  fill() {
    const { word } = this;
    const picture = /** @type {HTMLImageElement} */ (this.one("[data-part=picture] img"));
    if (word.picture) picture.src = word.picture;
    else picture.removeAttribute("src");
    picture.alt = word.meaning;
    this.set("[data-article]", word.article);
    this.set("[data-lemma]", word.lemma);
    this.set("[data-part=forms] bdi", word.forms.join(" · "));
    this.set("[data-danish]", word.example);
    this.own("[data-part=meaning]", word.meaning);
    this.own("[data-own]", word.exampleMeaning);
    const speaker = speakerOf(word);
    for (const voice of this.all("[data-voice]")) voice.hidden = voice.dataset.voice !== speaker;
    if (speaker === "human") this.set("[data-speaker]", word.sounds.speaker);
    for (const button of this.all("[data-play]")) button.onclick = () => sayWord(word, button.dataset.play === "slow");
    for (const button of this.all("[data-knew]")) button.onclick = () => this.answer(button.dataset.knew === "yes");
  }

  /** A meaning can be heard where the phone has a voice of the language; elsewhere the picture stands beside it. */
  readAloud() {
    const voice = voiceFor(this.word.language ?? "");
    const hear = this.one("[data-hear-own]");
    hear.hidden = !voice || !this.word.meaning;
    hear.onclick = () => {
      silence();
      if (voice) speechSynthesis.speak(utteranceFor(this.word.meaning, voice));
    };
    if (this.exercise === "meaning" && !voice) this.one("[data-part=picture]").hidden = !this.word.picture;
  }

  /** Show only these parts, and of these only what the word has. @param {string[]} parts */
  only(parts) {
    const { word } = this;
    /** @type {Record<string, unknown>} */
    const has = { picture: word.picture, forms: word.forms.length, meaning: word.meaning, example: word.example, sounds: speakerOf(word), voice: speakerOf(word) };
    for (const part of this.all("[data-part]")) {
      const name = part.dataset.part ?? "";
      part.hidden = !parts.includes(name) || (name in has && !has[name]);
    }
  }

  /** Wrong choices, in an order that is new each time. */
  others() {
    const fitting = this.word.wrong.map((/** @type {string} */ key) => this.words?.get(key)).filter(Boolean);
    return shuffled(fitting).slice(0, CHOICES);
  }

  offerWords() {
    const place = this.one("[data-part=options]");
    for (const word of shuffled([this.word, ...this.others()])) {
      const option = copyOf("practice-option");
      const choose = /** @type {HTMLElement} */ (option.querySelector("[data-choose]"));
      choose.lang = "da";
      choose.dir = "ltr";
      choose.textContent = word.article ? `${word.article} ${word.lemma}` : word.lemma;
      choose.onclick = () => this.tried(word.key === this.word.key);
      const hear = /** @type {HTMLElement} */ (option.querySelector("[data-hear]"));
      hear.hidden = !speakerOf(word);
      hear.onclick = () => sayWord(word);
      place.append(option);
    }
  }

  offerPictures() {
    const place = this.one("[data-part=options]");
    place.classList.add("options-pictures");
    for (const word of shuffled([this.word, ...this.others()])) {
      const option = copyOf("practice-picture-option");
      const image = /** @type {HTMLImageElement} */ (option.querySelector("img"));
      image.src = word.picture;
      image.alt = word.meaning || word.lemma;
      /** @type {HTMLElement} */ (option.querySelector("[data-choose]")).onclick = () => this.tried(word.key === this.word.key);
      place.append(option);
    }
  }

  offerSentence() {
    this.own("[data-part=meaning]", this.word.exampleMeaning || this.word.meaning);
    const right = this.word.example.split(" ");
    const line = this.one("[data-line]");
    const pile = this.one("[data-pile]");
    /** @type {HTMLElement[]} */
    const placed = [];
    for (const piece of shuffled(right, true)) {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "chip";
      chip.textContent = piece;
      chip.onclick = () => {
        sayDanish(piece);
        if (placed.includes(chip)) return;
        placed.push(chip);
        line.append(chip);
        if (placed.length === right.length) this.tried(placed.every((one, place) => one.textContent === right[place]));
        else /** @type {HTMLElement | null} */ (pile.querySelector("button"))?.focus();
      };
      pile.append(chip);
    }
    this.one("[data-undo]").onclick = () => {
      const last = placed.pop();
      if (last) pile.append(last);
    };
  }

  offerRecording() {
    const record = this.one("[data-record]");
    const mine = this.one("[data-mine]");
    record.onclick = async () => {
      if (this.recorder.isRunning) return this.recorder.stop();
      silence();
      record.setAttribute("aria-pressed", "true");
      try {
        const voice = await this.recorder.record({ untilSilence: true });
        const address = URL.createObjectURL(voice);
        mine.hidden = false;
        mine.onclick = () => playSound(address);
        mine.focus();
        await playSound(address);
      } catch {
        for (const part of this.all("[data-part=say]")) part.hidden = true; // the phone does not let us listen
      }
      record.setAttribute("aria-pressed", "false");
    };
    this.prefer(true);
  }

  offerField() {
    const form = /** @type {HTMLFormElement} */ (this.one("form[data-part=type]"));
    const field = /** @type {HTMLInputElement} */ (this.one("#typed"));
    for (const letter of this.all("[data-letter]")) {
      letter.onclick = () => {
        field.setRangeText(letter.dataset.letter ?? "", field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
        field.focus();
      };
    }
    form.onsubmit = (event) => {
      event.preventDefault();
      const typed = plain(field.value);
      const { article, lemma } = this.word;
      if (typed) this.tried([lemma, `${article} ${lemma}`].some((text) => plain(text) === typed));
    };
  }

  /** The exercise has been tried: show the word whole, with the likely answer first. @param {boolean} isRight */
  tried(isRight) {
    this.only(TRIED);
    this.own("[data-part=meaning]", this.word.meaning);
    this.one("[data-right]").hidden = !isRight;
    this.one("[data-wrong]").hidden = isRight;
    this.one("[data-part=result]").classList.toggle("mark-tint", isRight);
    this.prefer(isRight);
    /** @type {HTMLElement} */ (this.one(".answers .button-main")).focus({ preventScroll: true });
    this.one("[data-part=result]").scrollIntoView({ block: "nearest" });
    afterPaint(() => sayWord(this.word));
  }

  /** Make one of the two answers the main one. @param {boolean} isKnown */
  prefer(isKnown) {
    for (const button of this.all("[data-knew]")) {
      button.classList.toggle("button-main", (button.dataset.knew === "yes") === isKnown);
    }
  }

  /** Keep the answer and go on. @param {boolean} knew */
  async answer(knew) {
    const [card] = this.cards.splice(0, 1);
    const { word, exercise } = this;
    const answer = { id: newId(), word: word.key, knew, exercise: exercise ?? "card", at: clock(this.pack), learner: this.pack.learner };
    const kept = keepAnswer(answer); // on its way to the phone's store before the card changes
    if (knew) this.well.push(word.lemma);
    this.done += 1;
    // A word that was missed comes once more in this session.
    if (!knew && !card.again) this.cards.push({ key: word.key, again: true });
    this.next();
    await kept;
    if (navigator.onLine) await sendAnswers(this.pack).catch(() => undefined); // they wait in the store
  }

  async end() {
    this.show("practice-end");
    const words = [...new Set(this.well)].slice(0, 3);
    if (words.length) this.set("[data-words]", words.join(", "));
    else this.one("[data-well]").remove();
    const waiting = (await keptAnswers(this.pack.learner)).some((answer) => !answer.sent);
    if (navigator.onLine || !waiting) this.querySelector("[data-waiting]")?.remove();
  }

  /** @param {string} selector @returns {HTMLElement} */
  one(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }

  /** @param {string} selector @returns {HTMLElement[]} */
  all(selector) {
    return [...this.querySelectorAll(selector)].map((element) => /** @type {HTMLElement} */ (element));
  }

  /** @param {string} selector @param {string} text */
  set(selector, text) {
    this.one(selector).textContent = text;
  }

  /** Write a text in the learner's own language. @param {string} selector @param {string} text */
  own(selector, text) {
    const place = this.one(selector);
    const inner = place.querySelector("bdi") ?? place;
    inner.textContent = text;
    place.lang = this.word.language ?? "";
    inner.setAttribute("dir", this.word.dir);
    place.hidden = !text || (Boolean(place.dataset.part) && place.hidden);
  }
}

/** Choose how a word is practised: a new one is met first, then the ways take turns.
 * @param {any} word @param {{ isNew: boolean, turn: number, pack: any }} at */
export function exerciseFor(word, { isNew, turn, pack }) {
  if (isNew) return "meet";
  const hasVoice = Boolean(speakerOf(word));
  const hasChoice = word.wrong.length >= CHOICES;
  const sentence = word.example.split(" ").length;
  const can = {
    listen: hasChoice && hasVoice && word.picture,
    see: hasChoice && word.picture,
    meaning: hasChoice && word.meaning,
    // Without a voice for each piece it can be done by reading only.
    order: sentence >= 3 && word.exampleMeaning && (danishVoice() || pack.wishes.writes),
    say: hasVoice && canRecord(),
    type: pack.wishes.writes,
  };
  const ways = ["listen", "see", "meaning", "order", "say", "type"].filter((way) => can[/** @type {keyof can} */ (way)]);
  return ways.length ? ways[turn % ways.length] : "meet";
}

class WordShelf extends HTMLElement {
  async connectedCallback() {
    if (location.pathname.startsWith("/practice/session")) return;
    const pack = await freshPack();
    if (!pack) return;
    /** @type {HTMLElement} */ (document.querySelector("[data-pocket-start]")).hidden = false;
    for (const word of pack.words) {
      const item = copyOf("shelf-word");
      const place = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (item.querySelector(selector));
      if (word.picture) /** @type {HTMLImageElement} */ (place("img")).src = word.picture;
      place("[data-article]").textContent = word.article;
      place("[data-lemma]").textContent = word.lemma;
      place("[data-meaning]").lang = word.language ?? "";
      place("[data-meaning] bdi").textContent = word.meaning;
      place("[data-meaning] bdi").dir = word.dir;
      place("[data-danish]").textContent = word.example;
      for (const slow of [false, true]) {
        place(`[data-play=${slow ? "slow" : "normal"}]`).onclick = () => sayWord(word, slow);
      }
      this.append(item);
    }
    this.hidden = false;
  }
}

/** What can wait until the reader sees the card. @param {() => unknown} run */
function afterPaint(run) {
  requestAnimationFrame(() => setTimeout(run));
}

/** @param {string} id */
function copyOf(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {DocumentFragment} */ (template.content.cloneNode(true));
}

/** @template T @param {T[]} things @param {boolean} [mustDiffer] @returns {T[]} */
function shuffled(things, mustDiffer = false) {
  const mixed = [...things];
  for (let place = mixed.length - 1; place > 0; place--) {
    const other = Math.floor(Math.random() * (place + 1));
    [mixed[place], mixed[other]] = [mixed[other], mixed[place]];
  }
  if (mustDiffer && mixed.every((thing, place) => thing === things[place])) mixed.push(/** @type {T} */ (mixed.shift()));
  return mixed;
}

/** What is the same on a foreign keyboard: å/aa/a, æ/ae, ø/oe/o; capitals and marks do not count. @param {string} text */
function plain(text) {
  return text.toLowerCase().replace(/æ/g, "ae").replace(/ø|oe/g, "o").replace(/å|aa/g, "a").replace(/[^a-z0-9]+/g, " ").trim();
}

/** A number that no other answer has; `randomUUID` is missing where a page is served without https. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

customElements.define("word-practice", WordPractice);
customElements.define("word-shelf", WordShelf);
