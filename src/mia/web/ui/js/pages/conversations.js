// Conversations that were had: read them, name them, go on with one, take one along, delete one.

import { ask, h, icon } from "../dom.js";
import { size } from "../follow.js";
import { day, moment, number } from "../memory/when.js";

/** @typedef {import("../pages.js").App} App */
/**
 * @typedef {object} Session
 * @property {number} id
 * @property {string|null} title
 * @property {string} first
 * @property {number} begun
 * @property {number} newest
 * @property {number} lines
 * @property {string} persona
 * @property {boolean} running
 * @property {"none"|"hers"|"both"} sound whose sound was kept
 */
/** @typedef {{record: "none"|"hers"|"both", possible: boolean, used: number, most: number}} Recording */

/** Whose sound may be kept. @type {Recording["record"][]} */
const RECORDS = ["none", "hers", "both"];
const FORMS = ["md", "json", "srt"];
const SIDES = ["hers", "both"];

class ConversationsPage {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.app = app;
    this.turn = 0;
    /** @type {Session[]} */
    this.rows = [];
    this.chosen = Number(app.path[0]) || 0;
    const { t } = app;
    this.field = h("input.input", {
      type: "search",
      placeholder: t("page.conversations.search"),
      "aria-label": t("page.conversations.search"),
      oninput: () => this.fill(),
    });
    this.ul = h("ul.talks-list");
    this.empty = h("div.empty", { hidden: true }, icon("conversations"), h("strong", {}, t("page.conversations.empty")), h("p", {}, t("page.conversations.empty.hint")));
    this.reader = h("section.card.talks-reader", { "aria-label": t("page.conversations.read"), hidden: true });
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.recording = h("div.recorder", { hidden: true });
    /** @type {Recording|null} */
    this.kept = null;
    root.append(
      h(
        "div.talks-split",
        {},
        h(
          "section.card",
          { "aria-label": t("page.nav.conversations") },
          h(
            "div.toolbar",
            {},
            h("div.search", {}, icon("search"), this.field),
            h("button.button.small.primary", { type: "button", onclick: () => void this.begin() }, icon("plus"), t("page.conversations.new")),
          ),
          this.problem,
          this.recording,
          this.ul,
          this.empty,
        ),
        this.reader,
      ),
    );
  }

  async refresh() {
    const [{ conversations }, recording] = await Promise.all([
      this.app.api("/api/v1/conversations"),
      this.app.api("/api/v1/conversations/recording").catch(() => null),
    ]);
    this.rows = conversations;
    this.showRecording(recording);
    if (!this.rows.some(({ id }) => id === this.chosen)) this.chosen = 0;
    this.fill();
    await this.read();
  }

  /** Whose sound is kept of what is said now. @param {Recording|null} recording */
  showRecording(recording) {
    const { t, language } = this.app;
    this.kept = recording;
    this.recording.hidden = !recording?.possible;
    if (!recording?.possible) return;
    const { record, used, most } = recording;
    const room = t("page.conversations.sound.used", { used: size(used, language()), most: size(most, language()) });
    const held = this.recording.contains(document.activeElement);
    this.recording.replaceChildren(
      h("span.recorder-title", { id: "recorder-title" }, t("page.conversations.sound")),
      h(
        "div.switch",
        { role: "group", "aria-labelledby": "recorder-title" },
        ...RECORDS.map((one) =>
          h(
            "button.switch-option",
            { type: "button", "aria-pressed": String(one === record), data: { record: one }, onclick: () => void this.record(one) },
            t(`choice.record.${one}`),
          ),
        ),
      ),
      h("p.quiet", { role: "status" }, t(`page.conversations.sound.hint.${record}`), (record !== "none" || used > 0) && ` ${room}`),
    );
    if (held) this.recording.querySelector("[aria-pressed=true]")?.focus();
  }

  /** @param {Recording["record"]} record */
  async record(record) {
    try {
      this.showRecording(await this.app.api("/api/v1/conversations/recording", { method: "PUT", body: { record } }));
    } catch (error) {
      this.complain(error);
    }
  }

  /** @param {unknown} error */
  complain(error) {
    this.problem.hidden = false;
    this.problem.textContent = error instanceof Error ? error.message : String(error);
  }

  /** @param {Session} row */
  name(row) {
    return row.title || row.first || this.app.t("page.conversations.untitled");
  }

  fill() {
    const { t } = this.app;
    const words = this.field.value.trim().toLowerCase();
    const shown = this.rows.filter((row) => this.name(row).toLowerCase().includes(words));
    this.empty.hidden = this.rows.length > 0;
    this.ul.replaceChildren(
      ...shown.map((row) =>
        h(
          "li",
          {},
          h(
            "button.talk-row",
            { type: "button", "aria-current": String(row.id === this.chosen), onclick: () => this.app.go(`conversations/${row.id}`) },
            h("span.talk-name", {}, this.name(row)),
            h(
              "span.memory-meta",
              {},
              `${day(row.newest)} · ${t(row.lines === 1 ? "page.conversations.lines.one" : "page.conversations.lines", { count: number(row.lines) })}`,
              row.running && h("span.tag.good", {}, t("page.conversations.running")),
              row.sound !== "none" && h("span.tag", {}, t("page.conversations.sound.kept")),
            ),
          ),
        ),
      ),
    );
  }

  async read() {
    const turn = ++this.turn;
    this.reader.hidden = !this.chosen;
    if (!this.chosen) return;
    const talk = await this.app.api(`/api/v1/conversations/${this.chosen}`);
    if (turn !== this.turn) return;
    const { t } = this.app;
    const row = /** @type {Session} */ (this.rows.find(({ id }) => id === this.chosen));
    this.reader.replaceChildren(
      this.head(row),
      h(
        "div.buttons",
        {},
        !row.running && h("button.button.small.primary", { type: "button", onclick: () => void this.resume(row) }, icon("play"), t("page.conversations.resume")),
        ...FORMS.map((form) =>
          h("a.button.small", { href: `/api/v1/conversations/${row.id}/export?format=${form}`, download: "" }, icon("download"), t(`page.conversations.export.${form}`)),
        ),
        ...SIDES.filter((side) => row.sound === side || row.sound === "both").map((side) =>
          h(
            "a.button.small",
            { href: `/api/v1/conversations/${row.id}/export?format=wav&side=${side}`, download: "" },
            icon("waves"),
            t(`page.conversations.export.wav.${side}`),
          ),
        ),
        row.sound !== "none" && h("button.button.small", { type: "button", onclick: () => void this.mute(row) }, icon("trash"), t("page.conversations.sound.forget")),
        h("button.button.small.danger", { type: "button", onclick: () => void this.remove(row) }, icon("trash"), t("page.conversations.delete")),
      ),
      h(
        "ol.detail-lines.talk-lines",
        {},
        ...talk.lines.map((/** @type {any} */ line) =>
          h(
            `li.line.${line.role === "user" ? "you" : "mia"}`,
            {},
            h("span.line-who", {}, line.role === "user" && line.who === "owner" ? t("page.memory.you") : line.who),
            h("p", { title: moment(line.at) }, line.text),
          ),
        ),
      ),
    );
  }

  /** @param {Session} row */
  head(row) {
    const { t } = this.app;
    const field = h("input.input.talk-title", {
      value: row.title ?? "",
      placeholder: row.first || t("page.conversations.untitled"),
      maxlength: 200,
      "aria-label": t("page.conversations.rename"),
      onchange: () => void this.rename(row, field.value),
    });
    return h("div", {}, field, h("p.quiet", {}, `${moment(row.begun)} · ${row.persona}`));
  }

  /** @param {Session} row @param {string} title */
  async rename(row, title) {
    await this.app.api(`/api/v1/conversations/${row.id}`, { method: "PATCH", body: { title } });
    await this.refresh();
  }

  /** @param {Session} row */
  async resume(row) {
    await this.go(`/api/v1/conversations/${row.id}/resume`);
  }

  async begin() {
    await this.go("/api/v1/conversations/new");
  }

  /** @param {string} path */
  async go(path) {
    try {
      await this.app.api(path, { method: "POST" });
      this.app.go("talk");
    } catch (error) {
      this.complain(error);
    }
  }

  /** The sound goes, the words stay. @param {Session} row */
  async mute(row) {
    const { t } = this.app;
    const sure = await ask({
      title: t("page.conversations.sound.forget.title"),
      text: t("page.conversations.sound.forget.text"),
      yes: t("page.conversations.sound.forget"),
      no: t("page.memory.cancel"),
      danger: true,
    });
    if (!sure) return;
    await this.app.api(`/api/v1/conversations/${row.id}/sound`, { method: "DELETE" });
    await this.refresh();
  }

  /** @param {Session} row */
  async remove(row) {
    const { t } = this.app;
    const sure = await ask({
      title: t("page.conversations.delete.title"),
      text: t("page.conversations.delete.text", { name: this.name(row), count: number(row.lines) }),
      yes: t("page.conversations.delete"),
      no: t("page.memory.cancel"),
      danger: true,
    });
    if (!sure) return;
    await this.app.api(`/api/v1/conversations/${row.id}`, { method: "DELETE" });
    this.app.go("conversations");
    this.chosen = 0;
    await this.refresh();
  }
}

/** @type {import("../pages.js").Mount} */
export async function mount(root, app) {
  const page = new ConversationsPage(root, app);
  await page.refresh();
  // It may be changed on another page, or in the settings.
  const unwatch = app.store.watch(["recording"], ({ recording }) => {
    if (page.kept && page.kept.record !== recording) void page.refresh();
  });
  return () => {
    unwatch();
    page.turn++;
  };
}
