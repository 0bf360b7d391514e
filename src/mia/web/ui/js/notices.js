// What a user should know: banners for what lasts, toasts for what passes.

import { t } from "./i18n.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").State} State */
/** @typedef {{level: string, text: string, act?: {label: string, run: () => void}, dismiss?: () => void}} Shown */

const TOAST_MS = 9000;
const MOST_TOASTS = 4;

/** @type {Record<import("./store.js").MicrophoneProblem, string>} */
const MICROPHONE = {
  denied: "page.mic.denied",
  none: "page.mic.none",
  insecure: "page.mic.insecure",
  busy: "page.mic.busy",
  unsupported: "page.mic.unsupported",
  lost: "page.mic.lost",
};

export class Notices {
  /** @param {Store} store @param {{retry: () => void, take: () => void, sound: () => void, release: () => void}} actions */
  constructor(store, actions) {
    this.store = store;
    this.actions = actions;
    this.banners = /** @type {HTMLElement} */ (document.querySelector("#banners"));
    this.toasts = /** @type {HTMLElement} */ (document.querySelector("#toasts"));
    this.shown = "";
    /** What was closed by the user stays closed while the page lives. @type {Set<string>} */
    this.closed = new Set();
    store.watch(
      ["panic", "notices", "problem", "microphone", "role", "silenced", "connection", "missing", "shown"],
      () => this.show(),
    );
  }

  show() {
    const lasting = this.lasting(this.store.state);
    const shown = JSON.stringify(lasting);
    // Replacing what did not change would make a screen reader say it again.
    if (shown === this.shown) return;
    this.shown = shown;
    this.banners.replaceChildren(...lasting.map(draw));
  }

  /** @param {State} state @returns {Shown[]} */
  lasting(state) {
    /** @type {Shown[]} */
    const list = [];
    if (state.panic)
      list.push({
        level: "error",
        text: t("page.panic"),
        act: { label: t("page.panic.release"), run: this.actions.release },
      });
    if (state.connection === "reconnecting") list.push({ level: "warning", text: t("page.reconnecting") });
    if (state.connection === "loading") {
      list.push({ level: "info", text: t("page.loading") });
      for (const { text } of state.missing) list.push({ level: "error", text: text[state.shown] });
    }
    if (state.microphone === "blocked" && state.problem)
      list.push({
        level: "error",
        text: t(MICROPHONE[state.problem]),
        act: { label: t("page.mic.retry"), run: this.actions.retry },
      });
    if (state.connection === "open" && state.role === "observer")
      list.push({
        level: "info",
        text: t("page.observer"),
        act: { label: t("page.observer.take"), run: this.actions.take },
      });
    if (state.silenced)
      list.push({
        level: "info",
        text: t("page.silenced"),
        act: { label: t("page.silenced.sound"), run: this.actions.sound },
      });
    for (const { level, code, text, parameters } of state.notices) {
      const id = code + JSON.stringify(parameters);
      if (this.closed.has(id)) continue;
      const dismiss = () => {
        this.closed.add(id);
        this.show();
      };
      list.push({ level, text: text[state.shown], dismiss });
    }
    return list;
  }

  /** Show something for a while. @param {string} level @param {string} text */
  toast(level, text) {
    // The same thing again is said once.
    for (const other of this.toasts.children) if (other.getAttribute("data-text") === text) other.remove();
    const close = () => toast.remove();
    const toast = draw({ level, text, dismiss: close });
    toast.dataset.text = text;
    this.toasts.append(toast);
    while (this.toasts.children.length > MOST_TOASTS) this.toasts.firstElementChild?.remove();
    setTimeout(close, TOAST_MS);
  }
}

/** @param {Shown} notice */
function draw({ level, text, act, dismiss }) {
  const notice = document.createElement("div");
  notice.className = `notice ${level}`;
  const words = document.createElement("p");
  words.className = "notice-text";
  words.textContent = text;
  notice.append(words);
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "notice-act";
    button.textContent = act.label;
    button.addEventListener("click", act.run);
    notice.append(button);
  }
  if (dismiss) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "notice-close";
    button.setAttribute("aria-label", t("page.close"));
    button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><use href="/ui/img/icons.svg#close"/></svg>';
    button.addEventListener("click", dismiss);
    notice.append(button);
  }
  return notice;
}
