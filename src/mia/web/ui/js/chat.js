// The written side: history, what is being typed, and something to begin with.

import { t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Message} Message */

const PROMPTS = ["page.prompt.1", "page.prompt.2", "page.prompt.3"];
/** Closer to the end than this, the list follows what is new. */
const NEAR_PX = 120;

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
    store.watch(["messages", "shown", "persona"], ({ messages }) => this.show(messages));
    store.watch(["connection"], ({ connection }) => (this.button.disabled = connection !== "open"));
    store.watch(["busy", "phase", "messages"], ({ busy, messages }) =>
      this.wait(busy && messages.at(-1)?.role === "user"),
    );
  }

  /** The texts that are made here, after a change of language. */
  fill() {
    find("#prompts").replaceChildren(
      ...PROMPTS.map((key) => {
        const button = element("button", "prompt", t(key));
        button.type = "button";
        button.addEventListener("click", () => {
          this.field.value = t(key);
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

  /** @param {Message[]} messages */
  show(messages) {
    const follow = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < NEAR_PX;
    const seen = messages.filter(({ role, text }) => role !== "system" && text !== "");
    this.welcome.hidden = seen.length > 0;
    const gone = new Set(this.entries.keys());
    for (const message of seen) {
      gone.delete(message.id);
      this.put(message);
    }
    for (const id of gone) {
      this.entries.get(id)?.entry.remove();
      this.entries.delete(id);
    }
    if (follow) this.place.scrollTop = this.place.scrollHeight;
  }

  /** @param {Message} message */
  put({ id, role, text, status }) {
    const mine = role === "user";
    const note = !mine && status === "incomplete" ? t("page.chat.interrupted") : "";
    const name = mine ? t("page.chat.you") : "MIA";
    const shown = JSON.stringify([name, text, note]);
    let known = this.entries.get(id);
    if (known?.shown === shown) return;
    if (!known) {
      known = { entry: element("li", `message ${mine ? "you" : "mia"}`, ""), shown };
      known.entry.dataset.id = id;
      this.entries.set(id, known);
      this.log.insertBefore(known.entry, this.waiting.isConnected ? this.waiting : null);
    }
    known.shown = shown;
    known.entry.replaceChildren(element("span", "message-name", name), element("p", "message-text", text));
    if (note) known.entry.append(element("span", "message-note", note));
  }

  /** @param {boolean} waits MIA has not begun to answer yet */
  wait(waits) {
    if (waits === this.waiting.isConnected) return;
    if (!waits) return this.waiting.remove();
    this.log.append(this.waiting);
    this.place.scrollTop = this.place.scrollHeight;
  }
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
