// One memory among the lines it was said between; corrected, pinned or forgotten here.

import { ask, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { moment } from "./when.js";

/**
 * @typedef {object} Memory
 * @property {number} id
 * @property {"turn"|"fact"|"summary"} kind
 * @property {number|null} session
 * @property {"user"|"assistant"} role
 * @property {string} speaker
 * @property {string} persona
 * @property {string} text
 * @property {number} at
 * @property {boolean} pinned
 * @property {boolean} dormant
 * @property {number|null} until
 */

export class Detail {
  /**
   * @param {import("../pages.js").App} app
   * @param {{changed: () => void, gone: (id: number) => void, choose: (id: number) => void, who: (memory: Memory) => string}} told
   */
  constructor(app, told) {
    this.app = app;
    this.told = told;
    this.element = h("section.card.detail", { "aria-label": t("page.memory.detail"), hidden: true });
    this.asked = 0;
  }

  clear() {
    this.asked++;
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /** @param {number} id */
  async show(id) {
    const turn = ++this.asked;
    const found = await this.app.api(`/api/v1/memory/memories/${id}`);
    if (turn !== this.asked) return;
    this.memory = found.memory;
    this.element.hidden = false;
    this.element.replaceChildren(this.head(found), this.lines(found), this.actions());
  }

  /** @param {{memory: Memory, session: any}} found */
  head({ memory, session }) {
    const title = session?.title ?? session?.first ?? (memory.kind === "turn" ? "" : t(`page.memory.one.${memory.kind}`));
    return h(
      "div.detail-head",
      {},
      h("div", {}, h("h2", {}, title || t("page.memory.detail")), h("p.quiet", {}, moment(memory.at))),
      memory.pinned && h("span.tag.good", {}, t("page.memory.pinned")),
      memory.dormant && h("span.tag", {}, t("page.memory.resting")),
      memory.until && h("span.tag.warn", {}, t("page.memory.withdrawn")),
      h(
        "button.icon-only",
        { type: "button", "aria-label": t("page.memory.close"), title: t("page.memory.close"), onclick: () => this.clear() },
        icon("close"),
      ),
    );
  }

  /** @param {{memory: Memory, lines: Memory[], sources: Memory[]}} found */
  lines({ memory, lines, sources }) {
    const made = memory.kind !== "turn";
    return h(
      "ol.detail-lines",
      {},
      ...(made ? [memory, ...sources] : lines).map((line, number) => [
        made && number === 1 && h("li.line-from", {}, t("page.memory.made_from")),
        h(
          `li.line.${line.kind !== "turn" ? "made" : line.role === "user" ? "you" : "mia"}${line.id === memory.id ? ".this" : ""}`,
          { ...(line.id === memory.id && { "aria-current": "true" }) },
          line.kind === "turn" && h("span.line-who", {}, this.told.who(line)),
          line.id === memory.id
            ? h("p", {}, line.text)
            : h("button.line-text", { type: "button", onclick: () => this.told.choose(line.id) }, line.text),
        ),
      ]).flat(),
    );
  }

  actions() {
    const memory = /** @type {Memory} */ (this.memory);
    return h(
      "div.buttons",
      {},
      h(
        "button.button.small",
        { type: "button", "aria-pressed": String(memory.pinned), onclick: () => void this.change({ pinned: !memory.pinned }) },
        icon("star"),
        t(memory.pinned ? "page.memory.unpin" : "page.memory.pin"),
      ),
      h("button.button.small", { type: "button", onclick: () => this.edit() }, icon("edit"), t("page.memory.edit")),
      h(
        "button.button.small.danger",
        { type: "button", onclick: () => void this.forget() },
        icon("trash"),
        t("page.memory.forget"),
      ),
    );
  }

  edit() {
    const memory = /** @type {Memory} */ (this.memory);
    const field = h("textarea.area", { "aria-label": t("page.memory.edit.label"), rows: 3, maxlength: 20000 });
    field.value = memory.text;
    const save = () => field.value.trim() && void this.change({ text: field.value.trim() });
    const form = h(
      "form.detail-edit",
      { onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), save()) },
      field,
      h("p.hint", {}, t("page.memory.edit.hint")),
      h(
        "div.buttons",
        {},
        h("button.button.small.primary", { type: "submit" }, t("page.memory.save")),
        h("button.button.small.plain", { type: "button", onclick: () => void this.show(memory.id) }, t("page.memory.cancel")),
      ),
    );
    this.element.lastElementChild?.replaceWith(form);
    field.focus();
  }

  /** @param {{text?: string, pinned?: boolean}} change */
  async change(change) {
    const { id } = /** @type {Memory} */ (this.memory);
    await this.app.api(`/api/v1/memory/memories/${id}`, { method: "PATCH", body: change });
    this.told.changed();
    await this.show(id);
  }

  async forget() {
    const { id, text } = /** @type {Memory} */ (this.memory);
    const sure = await ask({
      title: t("page.memory.forget.one"),
      text: `«${text.length > 160 ? `${text.slice(0, 160)}…` : text}» ${t("page.memory.forget.for_good")}`,
      yes: t("page.memory.forget"),
      no: t("page.memory.cancel"),
      danger: true,
    });
    if (!sure) return;
    await this.app.api("/api/v1/memory/forget", { body: { ids: [id] } });
    this.clear();
    this.told.gone(id);
  }
}
