// The written side: history, what is being typed, and something to begin with.

import { t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").State} State */
/** @typedef {import("./store.js").Message} Message */
/** @typedef {import("./store.js").Remembered} Remembered */

const PROMPTS = ["page.prompt.1", "page.prompt.2", "page.prompt.3"];
/** Closer to the end than this, the list follows what is new. */
const NEAR_PX = 120;
/** Messages drawn at first, and further ones each time they are asked for. */
const DRAWN = 150;

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

export class Chat {
  /** @param {Store} store @param {{send: (text: string) => boolean}} options */
  constructor(store, { send }) {
    this.store = store;
    this.send = send;
    this.place = find("#log-place");
    this.log = find("#log");
    this.welcome = find("#welcome");
    this.field = find("#message");
    this.button = find("#send");
    /** @type {Map<string, {entry: HTMLLIElement, shown: string}>} */
    this.entries = new Map();
    this.search = find("#chat-search");
    this.found = find("#chat-found");
    this.tools = find("#chat-tools");
    /** Asked for in this frame, in which something was drawn already: null if nothing was. @type {boolean|null} */
    this.late = null;
    /** How many messages are drawn. */
    this.most = DRAWN;
    this.earlier = element("button", "button small earlier", "");
    this.earlier.type = "button";
    this.earlier.hidden = true;
    this.earlier.addEventListener("click", () => {
      const below = this.place.scrollHeight - this.place.scrollTop;
      this.most += DRAWN;
      this.show(store.state);
      this.place.scrollTop = this.place.scrollHeight - below;
    });
    this.log.before(this.earlier);
    this.search.addEventListener("input", () => {
      this.most = DRAWN;
      this.show(store.state);
      this.place.scrollTop = this.place.scrollHeight;
    });
    this.waiting = document.createElement("li");
    this.waiting.className = "message mia waiting";
    this.waiting.setAttribute("aria-hidden", "true");
    this.waiting.append(element("p", "message-text", ""));

    // A banner or the answer's times take room away: what is new stays in sight.
    let height = 0;
    new ResizeObserver(() => {
      if (this.place.scrollHeight - this.place.scrollTop - height < NEAR_PX)
        this.place.scrollTop = this.place.scrollHeight;
      height = this.place.clientHeight;
    }).observe(this.place);
    find("#composer").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.grow());
    store.watch(["messages", "remembered", "shown", "persona"], () => this.draw());
    // Before the first language there are no words to say it in.
    store.watch(["persona"], () => this.earlier.textContent && this.fill());
    store.watch(["connection"], ({ connection }) => (this.button.disabled = connection !== "open"));
    store.watch(["busy", "phase", "messages"], ({ busy, messages }) =>
      this.wait(busy && messages.at(-1)?.role === "user"),
    );
  }

  /** The texts that are made here, after a change of language or of who she is. */
  fill() {
    const name = this.store.state.persona || "MIA";
    this.earlier.textContent = t("page.chat.earlier");
    find("#welcome .welcome-title").textContent = t("page.welcome.title", { name });
    this.field.placeholder = t("page.chat.placeholder", { name });
    find("#prompts").replaceChildren(
      ...PROMPTS.map((key) => {
        const button = element("button", "prompt", t(key, { name }));
        button.type = "button";
        button.addEventListener("click", () => {
          this.field.value = t(key, { name });
          this.submit();
        });
        return button;
      }),
    );
  }

  submit() {
    const text = this.field.value.trim();
    if (!text || !this.send(text)) return;
    this.field.value = "";
    this.grow();
    this.field.focus();
    this.place.scrollTop = this.place.scrollHeight;
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(140, this.field.scrollHeight + 2)}px`;
  }

  /** At once, but once a frame: laying the list out for every word of a quick reply is what takes long. */
  draw() {
    if (this.late !== null) {
      this.late = true;
      return;
    }
    this.late = false;
    this.show(this.store.state);
    requestAnimationFrame(() => {
      const again = this.late;
      this.late = null;
      if (again) this.draw();
    });
  }

  /** @param {State} state */
  show({ messages, remembered, persona }) {
    const follow = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < NEAR_PX;
    const seen = messages.filter(({ role, text }) => role !== "system" && text !== "");
    const words = plain(this.search.value.trim());
    const found = words ? seen.filter(({ text }) => plain(text).includes(words)) : seen;
    // What is long past is drawn when it is asked for: a stream of hours stays as quick as its start.
    const drawn = found.slice(-this.most);
    this.welcome.hidden = seen.length > 0;
    this.tools.hidden = seen.length === 0;
    this.earlier.hidden = drawn.length === found.length;
    this.found.textContent = !words
      ? ""
      : found.length === 0
        ? t("page.chat.found.none")
        : t("page.chat.found", { count: found.length });
    const gone = new Set(this.entries.keys());
    let place = this.log.firstElementChild;
    for (const message of drawn) {
      gone.delete(message.id);
      const entry = this.put(message, persona, remembered[message.id] ?? [], words);
      if (entry === place) place = place.nextElementSibling;
      else this.log.insertBefore(entry, place);
    }
    for (const id of gone) {
      this.entries.get(id)?.entry.remove();
      this.entries.delete(id);
    }
    if (follow) this.place.scrollTop = this.place.scrollHeight;
  }

  /** @param {Message} message @param {string} persona @param {Remembered[]} remembered @param {string} words what is searched for */
  put({ id, role, text, status, speaker }, persona, remembered, words) {
    const mine = role === "user";
    const note = !mine && status === "incomplete" ? t("page.chat.interrupted") : "";
    const name = mine ? (speaker ?? t("page.chat.you")) : persona || "MIA";
    const shown = JSON.stringify([name, text, note, remembered, words]);
    let known = this.entries.get(id);
    if (!known) {
      known = { entry: element("li", `message ${mine ? "you" : "mia"}`, ""), shown: "" };
      known.entry.dataset.id = id;
      this.entries.set(id, known);
    }
    if (known.shown === shown) return known.entry;
    known.shown = shown;
    known.entry.replaceChildren(
      element("span", mine && speaker ? "message-name message-speaker" : "message-name", name),
      marked(text, words),
    );
    if (note) known.entry.append(element("span", "message-note", note));
    if (remembered.length) known.entry.append(memories(remembered));
    return known.entry;
  }

  /** @param {boolean} waits MIA has not begun to answer yet */
  wait(waits) {
    if (waits === this.waiting.isConnected) return;
    if (!waits) return this.waiting.remove();
    this.log.append(this.waiting);
    this.place.scrollTop = this.place.scrollHeight;
  }
}

/** Without accents and capitals, as long as before. @param {string} text */
const plain = (text) => [...text.toLowerCase()].map((letter) => letter.normalize("NFD")[0]).join("");

/** The text with what was searched for marked. @param {string} text @param {string} words */
function marked(text, words) {
  const place = element("p", "message-text", "");
  const letters = [...text];
  const searched = plain(text);
  const length = [...words].length;
  let done = 0;
  if (words && [...searched].length === letters.length) {
    const every = [...searched].join("");
    for (let at = every.indexOf(words); at >= 0; at = every.indexOf(words, at + words.length)) {
      const from = [...every.slice(0, at)].length;
      place.append(
        letters.slice(done, from).join(""),
        element("mark", "", letters.slice(from, from + length).join("")),
      );
      done = from + length;
    }
  }
  place.append(letters.slice(done).join(""));
  return place;
}

/** What came to mind for a reply, folded. @param {Remembered[]} remembered */
function memories(remembered) {
  const details = element("details", "remembered", "");
  const count = remembered.length;
  const words = count === 1 ? t("page.chat.remembered.one") : t("page.chat.remembered", { count });
  const list = element("ul", "", "");
  for (const { text, when, speaker } of remembered)
    list.append(element("li", "", [[speaker, when].filter(Boolean).join(", "), text].filter(Boolean).join(": ")));
  details.append(element("summary", "", words), list);
  return details;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name @param {string} className @param {string} text
 */
function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
