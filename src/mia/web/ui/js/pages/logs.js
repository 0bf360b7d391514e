// The log: live, filtered, and a turn's whole story for a bug report.

import { h, icon } from "../dom.js";
import { copy, follow } from "../follow.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {{seq: number, time: string, level: string, part: string, message: string, turn: string}} Line */

const LEVELS = ["debug", "info", "warning", "error"];
/** More lines than this are not drawn: the ring in the server has them. */
const MOST = 600;
const CALM_MS = 200;

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const page = new Logs(root, app);
  page.draw();
  await page.look();
  return () => page.close();
}

class Logs {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.level = "info";
    this.part = "";
    this.text = "";
    this.turn = app.path[0] === "turn" ? (app.path[1] ?? "") : "";
    if (this.turn) this.level = "debug";
    this.follows = true;
    this.timer = 0;
    this.look_ = 0;
    /** @type {string[]} */
    this.parts = [];
    this.unfollow = () => {};
  }

  close() {
    clearTimeout(this.timer);
    this.look_++;
    this.unfollow();
  }

  draw() {
    const { t } = this.app;
    const choose = (
      /** @type {string} */ label,
      /** @type {[string, string][]} */ options,
      /** @type {string} */ now,
      /** @type {(value: string) => void} */ tell,
    ) =>
      h(
        "select.select",
        { "aria-label": label, onchange: (/** @type {any} */ { target }) => tell(target.value) },
        options.map(([value, words]) => h("option", { value, ...(value === now && { selected: true }) }, words)),
      );
    this.levels = choose(
      t("page.logs.level"),
      LEVELS.map((level) => [level, t(`page.logs.level.${level}`)]),
      this.level,
      (value) => {
        this.level = value;
        void this.look();
      },
    );
    this.partsBox = choose(t("page.logs.part"), [["", t("page.logs.part.all")]], "", (value) => {
      this.part = value;
      void this.look();
    });
    const search = h("input.input", {
      type: "search",
      placeholder: t("page.logs.search"),
      "aria-label": t("page.logs.search"),
      oninput: (/** @type {any} */ { target }) => {
        this.text = target.value;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.look(), CALM_MS);
      },
    });
    this.followButton = h(
      "button.button.small",
      { type: "button", "aria-pressed": "true", onclick: () => this.setFollows(!this.follows) },
      icon("pause"),
      h("span", {}, t("page.logs.follow.stop")),
    );
    this.chip = h("div.turn-chip", { hidden: true });
    this.list = h("ol.lines", { tabindex: "0", "aria-label": t("page.logs.lines") });
    this.list.addEventListener("scroll", () => {
      // Who scrolls up wants to read; who comes back to the end wants to see on.
      const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
      if (!atEnd && this.follows) this.setFollows(false, true);
      else if (atEnd && !this.follows && this.paused) this.setFollows(true);
    });
    this.empty = h("p.empty", { hidden: true }, t("page.logs.none"));
    this.root.append(
      h("p.lead", {}, t("page.logs.lead")),
      h(
        "div.toolbar",
        {},
        h("div.search", {}, icon("search"), search),
        h("div.short", {}, this.levels),
        h("div.short", {}, this.partsBox),
        this.followButton,
        h(
          "button.button.small",
          { type: "button", onclick: () => void this.copyShown() },
          icon("copy"),
          t("page.logs.copy"),
        ),
      ),
      this.chip,
      h("div.log-frame", {}, this.list, this.empty),
    );
    this.drawChip();
  }

  drawChip() {
    const { t } = this.app;
    this.chip.hidden = !this.turn;
    this.chip.replaceChildren(
      h("span", {}, t("page.logs.of_turn", { turn: this.turn })),
      h(
        "button.button.small.primary",
        { type: "button", onclick: () => void this.copyStory() },
        icon("copy"),
        t("page.logs.story"),
      ),
      h(
        "button.button.small",
        { type: "button", onclick: () => this.ofTurn("") },
        icon("close"),
        t("page.logs.all_turns"),
      ),
      h("p.hint", {}, t("page.logs.story.hint")),
    );
  }

  /** @param {string} turn */
  ofTurn(turn) {
    this.turn = turn;
    this.level = turn ? "debug" : "info";
    this.levels.value = this.level;
    this.drawChip();
    void this.look();
  }

  /** @param {boolean} follows @param {boolean} [scrolled] because somebody scrolled up */
  setFollows(follows, scrolled = false) {
    const { t } = this.app;
    this.follows = follows;
    this.paused = scrolled;
    this.followButton.setAttribute("aria-pressed", String(follows));
    this.followButton.replaceChildren(
      icon(follows ? "pause" : "play"),
      h("span", {}, t(follows ? "page.logs.follow.stop" : "page.logs.follow.start")),
    );
    if (follows) this.toEnd();
  }

  query() {
    const wanted = { level: this.level, part: this.part, turn: this.turn, text: this.text };
    return new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString();
  }

  /** Begin anew with the filter as it is. */
  async look() {
    const mine = ++this.look_;
    this.unfollow();
    const found = await this.app.api(`/api/v1/logs?limit=${MOST}&${this.query()}`);
    if (mine !== this.look_) return;
    this.showParts(found.parts);
    this.list.replaceChildren(...found.lines.map((/** @type {Line} */ line) => this.line(line)));
    this.empty.hidden = found.lines.length > 0;
    this.toEnd();
    this.unfollow = follow(`/api/v1/logs/stream?after=${found.newest}&${this.query()}`, (lines) => this.more(lines));
  }

  /** @param {string[]} parts */
  showParts(parts) {
    const fresh = parts.filter((part) => !this.parts.includes(part));
    this.parts.push(...fresh);
    for (const part of fresh.sort()) this.partsBox.append(h("option", { value: part }, part));
  }

  /** @param {Line[]} lines */
  more(lines) {
    this.showParts([...new Set(lines.map(({ part }) => part))]);
    this.list.append(...lines.slice(-MOST).map((line) => this.line(line)));
    while (this.list.children.length > MOST) this.list.firstElementChild?.remove();
    this.empty.hidden = true;
    if (this.follows) this.toEnd();
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** @param {Line} line */
  line({ time, level, part, message, turn }) {
    const { t, language } = this.app;
    const at = new Date(time).toLocaleTimeString(language(), { hour12: false });
    return h(
      "li.line.mono",
      { data: { level } },
      h("time", { datetime: time }, at),
      h("span.level", {}, t(`page.logs.level.${level}.short`)),
      h("span.part", {}, part),
      h("span.message", {}, message),
      turn &&
        h(
          "button.turn",
          { type: "button", title: t("page.logs.only_turn", { turn }), onclick: () => this.ofTurn(turn) },
          turn,
        ),
    );
  }

  async copyShown() {
    const words = [...this.list.children].map((line) => [...line.children].map((part) => part.textContent).join(" "));
    await this.give(words.join("\n"));
  }

  async copyStory() {
    const answer = await this.app.api(`/api/v1/turns/${encodeURIComponent(this.turn)}/story`, { raw: true });
    await this.give(await answer.text());
  }

  /** @param {string} text */
  async give(text) {
    const { t, notices } = this.app;
    if (await copy(text)) return notices.toast("info", t("page.logs.copied"));
    const area = h("textarea.area", { readonly: true, "aria-label": t("page.logs.copy"), value: text });
    const dialog = h(
      "dialog.ask",
      { "aria-label": t("page.logs.copy") },
      h(
        "form",
        { method: "dialog" },
        h("h2", {}, t("page.logs.copy.by_hand")),
        area,
        h("div.buttons", {}, h("button.button", {}, t("page.close"))),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    area.select();
  }
}
