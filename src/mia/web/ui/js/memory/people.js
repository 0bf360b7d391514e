// Whom she remembers: a switch for every person and every persona, folded away until asked for.

import { h, icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { number } from "./when.js";

/** @typedef {{id: string, name: string, remembered: boolean, memories: number}} Person */
/** What the API calls the two kinds of whom she remembers. @typedef {"speaker"|"persona"} Kind */

/** @type {Kind[]} */
const KINDS = ["speaker", "persona"];

export class People {
  /**
   * @param {import("../pages.js").App} app
   * @param {(stats: any) => void} changed told how the memory is after a change
   */
  constructor(app, changed) {
    this.app = app;
    this.changed = changed;
    /** @type {Record<Kind, Person[]>} */
    this.listed = { speaker: [], persona: [] };
    /** @type {Map<string, {input: HTMLInputElement, note: HTMLElement, words: HTMLElement}>} */
    this.rows = new Map();
    this.shape = "";
    /** @type {Map<string, number>} wishes on their way, by whose they are */
    this.wishes = new Map();
    this.sent = Promise.resolve();
    this.off = h("span.people-off.quiet");
    this.groups = h("div.people-groups");
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.element = h(
      "details.memory-people",
      { hidden: true },
      h("summary", {}, icon("chevron"), h("span", {}, h("span.people-title", {}, t("page.memory.people")), this.off)),
      h("div.people-body", {}, h("p.hint", { id: "memory-people-hint" }, t("page.memory.people.hint")), this.groups),
    );
  }

  /** @param {Record<Kind, Person[]>} listed */
  show(listed) {
    this.listed = listed;
    // Somebody who is switched off is shown without memories too: there is no other way back.
    const all = KINDS.flatMap((kind) => listed[kind]);
    this.element.hidden = !all.some(({ memories, remembered }) => memories > 0 || !remembered);
    const shape = JSON.stringify(KINDS.map((kind) => listed[kind].map(({ id, name }) => [id, name])));
    if (shape !== this.shape) this.build();
    this.shape = shape;
    for (const kind of KINDS)
      for (const { id, remembered, memories } of listed[kind]) {
        const row = this.rows.get(key(kind, id));
        if (!row) continue;
        if (!this.wishes.has(key(kind, id))) row.input.checked = remembered;
        row.note.textContent = t("page.memory.people.count", { count: number(memories) });
      }
    const off = all.filter(({ remembered }) => !remembered).map(({ name }) => name);
    const names = new Intl.ListFormat(language(), { type: "conjunction" }).format(off);
    this.off.textContent = off.length ? t("page.memory.people.off", { names }) : "";
  }

  build() {
    const held = [...this.rows].find(([, { input }]) => input === document.activeElement)?.[0];
    this.rows.clear();
    this.groups.replaceChildren(...KINDS.filter((kind) => this.listed[kind].length).map((kind) => this.group(kind)));
    if (held) this.rows.get(held)?.input.focus();
  }

  /** @param {Kind} kind */
  group(kind) {
    const title = `memory-people-${kind}`;
    return h(
      "div.people-group",
      { role: "group", "aria-labelledby": title, "aria-describedby": "memory-people-hint" },
      h("p.label", { id: title }, t(`page.memory.people.${kind}`)),
      h("ul.people-list", {}, ...this.listed[kind].map((one, at) => h("li", {}, this.row(kind, one, at)))),
    );
  }

  /** @param {Kind} kind @param {Person} person @param {number} at */
  row(kind, { id, name, remembered }, at) {
    const input = h("input.toggle", {
      id: `memory-${kind}-${at}`,
      type: "checkbox",
      role: "switch",
      "aria-describedby": `memory-${kind}-${at}-note`,
      checked: remembered,
      onchange: () => this.wish(kind, id, input.checked),
    });
    const note = h("p.quiet.number", { id: `memory-${kind}-${at}-note` });
    const words = h("div", {}, h("label", { for: input.id }, name), note);
    this.rows.set(key(kind, id), { input, note, words });
    return h("div.memory-switch", {}, input, words);
  }

  /**
   * One wish after another, so that of two for the same person the later one counts.
   * @param {Kind} kind @param {string} id @param {boolean} remembered
   */
  wish(kind, id, remembered) {
    const whose = key(kind, id);
    this.wishes.set(whose, (this.wishes.get(whose) ?? 0) + 1);
    this.sent = this.sent.then(() => this.send(kind, id, remembered));
  }

  /** @param {Kind} kind @param {string} id @param {boolean} remembered */
  async send(kind, id, remembered) {
    const whose = key(kind, id);
    const done = () => {
      const left = (this.wishes.get(whose) ?? 1) - 1;
      if (left) this.wishes.set(whose, left);
      else this.wishes.delete(whose);
    };
    try {
      const stats = await this.app.api("/api/v1/memory/switches", { method: "PUT", body: { [kind]: id, remembered } });
      done();
      this.problem.hidden = true;
      this.changed(stats);
    } catch (error) {
      done();
      this.show(this.listed); // the switch goes back to what holds
      this.problem.textContent = error instanceof Error ? error.message : String(error);
      this.problem.hidden = false;
      this.rows.get(whose)?.words.append(this.problem);
    }
  }
}

/** @param {Kind} kind @param {string} id */
const key = (kind, id) => `${kind}:${id}`;
