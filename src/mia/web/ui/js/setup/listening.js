// Choosing a voice by listening: every voice with a sample and a button that takes it.

import { h, icon } from "../dom.js";

/** @typedef {import("../pages.js").App} App */

export class Listening {
  /** @param {App} app @param {{chosen?: (voice: any) => void}} [options] */
  constructor(app, { chosen = () => {} } = {}) {
    this.app = app;
    this.chosen = chosen;
    /** @type {HTMLAudioElement|null} */
    this.sound = null;
    /** @type {HTMLElement|null} */
    this.playing = null;
  }

  stop() {
    this.sound?.pause();
    this.sound = null;
    if (this.playing) this.show(this.playing, "play");
    this.playing = null;
  }

  /** @param {any[]} voices @param {string} [now] id of the voice in use */
  list(voices, now = "") {
    const { t, language } = this.app;
    const rank = (/** @type {any} */ voice) => (voice.language === language() ? 0 : voice.language ? 1 : 2);
    const sorted = [...voices].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    return h(
      "ul.voices",
      {},
      sorted.map((voice) =>
        h(
          "li.voice",
          { data: { voice: voice.id, ...(voice.id === now && { chosen: "" }) } },
          h(
            "button.icon-only.listen",
            {
              type: "button",
              "aria-label": t("page.voices.listen", { name: voice.name }),
              onclick: (/** @type {any} */ { currentTarget }) => void this.play(currentTarget, voice),
            },
            icon("play"),
          ),
          h(
            "div.voice-what",
            {},
            h("strong", {}, voice.name),
            h("span.quiet", {}, [voice.language, voice.backend, voice.licence].filter(Boolean).join(" · ")),
          ),
          h(
            "button.button.small",
            {
              type: "button",
              "aria-pressed": String(voice.id === now),
              onclick: (/** @type {any} */ event) => void this.choose(event.currentTarget, voice),
            },
            t(voice.id === now ? "page.voices.chosen" : "page.voices.choose"),
          ),
        ),
      ),
    );
  }

  /** @param {HTMLElement} button @param {string} drawing */
  show(button, drawing) {
    button.replaceChildren(icon(drawing));
    button.removeAttribute("aria-busy");
  }

  /** @param {HTMLElement} button @param {any} voice */
  async play(button, voice) {
    const same = this.playing === button;
    this.stop();
    if (same) return;
    const { api, language, notices } = this.app;
    this.playing = button;
    this.show(button, "waves");
    button.setAttribute("aria-busy", "true");
    try {
      const path = `/api/v1/voices/${encodeURIComponent(voice.id)}/sample?language=${language()}`;
      const answer = await api(path, { raw: true });
      const address = URL.createObjectURL(await answer.blob());
      if (this.playing !== button) return URL.revokeObjectURL(address);
      this.show(button, "stop");
      this.sound = new Audio(address);
      this.sound.addEventListener("ended", () => this.stop());
      this.sound.addEventListener("ended", () => URL.revokeObjectURL(address));
      await this.sound.play();
    } catch (error) {
      if (this.playing === button) this.stop();
      notices.toast("error", /** @type {Error} */ (error).message);
    }
  }

  /** @param {HTMLButtonElement} button @param {any} voice */
  async choose(button, voice) {
    const { api, t, notices } = this.app;
    button.disabled = true;
    try {
      const body = { voice: { backend: voice.backend, voice: voice.id } };
      await api("/api/v1/setup", { method: "PATCH", body });
      const list = button.closest(".voices");
      for (const other of list?.querySelectorAll(".voice > .button") ?? []) {
        const chosen = other === button;
        other.setAttribute("aria-pressed", String(chosen));
        other.textContent = t(chosen ? "page.voices.chosen" : "page.voices.choose");
        other.closest(".voice")?.toggleAttribute("data-chosen", chosen);
      }
      this.chosen(voice);
    } catch (error) {
      notices.toast("error", /** @type {Error} */ (error).message);
    } finally {
      button.disabled = false;
    }
  }
}
