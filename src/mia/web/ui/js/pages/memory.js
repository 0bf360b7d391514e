// What she remembers: search it, read it where it was said, correct it, forget it, see it as a map.

import { h, icon } from "../dom.js";
import { Detail } from "../memory/detail.js";
import { forgetting } from "../memory/forgetting.js";
import { MemoryMap } from "../memory/map.js";
import { People } from "../memory/people.js";
import { day, number, since } from "../memory/when.js";

/** @typedef {import("../memory/detail.js").Memory} Memory */
/** @typedef {import("../pages.js").App} App */

/** Memories listed at once. */
const PAGE = 60;
/** Milliseconds of quiet after the last key before the search runs. */
const PATIENCE = 220;
/** Milliseconds between two looks at how far a change of the embedder is; there are none otherwise. */
const LOOK_MS = 2000;

class MemoryPage {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.turn = 0;
    /** @type {Memory[]} */
    this.rows = [];
    /** @type {any} */
    this.stats = null;
    this.detail = new Detail(app, {
      changed: () => void this.refresh(),
      gone: () => void this.refresh(),
      choose: (id) => void this.choose(id),
      who: (memory) => this.who(memory),
    });
    this.whom = new People(app, (stats) => this.told(stats));
    this.map = new MemoryMap({ choose: (id) => void this.choose(id) });
    this.build();
  }

  build() {
    const { t } = this.app;
    const again = () => {
      clearTimeout(this.later);
      this.later = setTimeout(() => void this.list(), PATIENCE);
    };
    this.field = h("input.input", {
      type: "search",
      placeholder: t("page.memory.search"),
      "aria-label": t("page.memory.search"),
      oninput: again,
    });
    const now = () => void this.list();
    this.person = h("select.select", { "aria-label": t("page.memory.person"), onchange: now });
    this.kind = h(
      "select.select",
      { "aria-label": t("page.memory.kind"), onchange: now },
      h("option", { value: "" }, t("page.memory.kind.all")),
      ...["turn", "fact", "summary"].map((kind) => h("option", { value: kind }, t(`page.memory.kind.${kind}`))),
    );
    this.from = h("input.input", { type: "date", "aria-label": t("page.memory.from"), onchange: now });
    this.enabled = this.toggle("enabled", "page.memory.enabled", "page.memory.enabled.hint");
    this.private = this.toggle("private", "page.memory.private", "page.memory.private.hint");
    this.numbers = h("p.memory-numbers");
    this.notes = h("div.memory-notes");
    this.change = h("div.memory-change", { hidden: true });
    this.more = h("button.button.small.plain", { type: "button", hidden: true, onclick: () => void this.list(true) }, t("page.memory.more"));
    this.ul = h("ul.memory-list");
    this.empty = h("div.empty", { hidden: true });
    this.file = h("input", { type: "file", accept: ".jsonl,application/x-ndjson", hidden: true, onchange: () => void this.read() });
    this.root.append(
      h(
        "section.card.memory-top",
        {},
        h("div.memory-switches", {}, this.enabled.element, this.private.element),
        this.whom.element,
        h(
          "div.toolbar",
          {},
          this.numbers,
          h("span.push"),
          h("a.button.small", { href: "/api/v1/memory/export", download: "" }, icon("download"), t("page.memory.export")),
          h("button.button.small", { type: "button", onclick: () => this.file.click() }, icon("upload"), t("page.memory.import")),
          h("button.button.small.danger", { type: "button", onclick: () => void this.forget() }, icon("trash"), t("page.memory.forget.some")),
          this.file,
        ),
        this.change,
        this.notes,
      ),
      h(
        "div.memory-split",
        {},
        h(
          "section.card.memory-found",
          { "aria-label": t("page.memory.list") },
          h("div.toolbar", {}, h("div.search", {}, icon("search"), this.field)),
          h("div.memory-filters", {}, this.person, this.kind, this.from),
          this.ul,
          this.empty,
          this.more,
        ),
        h("div.memory-side", {}, this.detail.element, h("section.card.memory-map", {}, h("h2", {}, t("page.memory.map")), this.map.element)),
      ),
    );
  }

  /** @param {"enabled"|"private"} name @param {string} label @param {string} hint */
  toggle(name, label, hint) {
    const { t } = this.app;
    const input = h("input.toggle", {
      id: `memory-${name}`,
      type: "checkbox",
      role: "switch",
      "aria-describedby": `memory-${name}-hint`,
      onchange: () => void this.switch({ [name]: input.checked }),
    });
    const words = h("div", {}, h("label", { for: input.id }, t(label)), h("p.hint", { id: `memory-${name}-hint` }, t(hint)));
    return { input, element: h("div.memory-switch", {}, input, words) };
  }

  /** @param {Memory} memory */
  who(memory) {
    const { t } = this.app;
    if (memory.role === "assistant") return memory.persona || "MIA";
    const known = this.stats?.speakers.find((/** @type {any} */ one) => one.id === memory.speaker);
    return known?.name || (memory.speaker === "owner" ? t("page.memory.you") : memory.speaker);
  }

  people() {
    return (this.stats?.speakers ?? []).map((/** @type {any} */ one) => ({
      id: one.id,
      name: one.name || (one.id === "owner" ? this.app.t("page.memory.you") : one.id),
      remembered: one.remembered,
      memories: one.memories,
    }));
  }

  /** Whom she remembers, as she just told. @param {any} stats */
  told(stats) {
    this.stats = stats;
    const personas = stats.personas.map((/** @type {any} */ one) => ({ ...one, name: one.name || "MIA" }));
    this.whom.show({ speaker: this.people(), persona: personas });
  }

  async refresh() {
    const { t } = this.app;
    this.told(await this.app.api("/api/v1/memory"));
    const { stats } = this;
    /** @type {any} */ (this.enabled).input.checked = stats.enabled;
    /** @type {any} */ (this.private).input.checked = stats.private;
    this.numbers.textContent = t("page.memory.numbers", {
      memories: number(stats.memories),
      conversations: number(stats.conversations),
      size: (stats.bytes / 1e6).toLocaleString(undefined, { maximumFractionDigits: 1 }),
    });
    const chosen = this.person.value;
    this.person.replaceChildren(
      h("option", { value: "" }, t("page.memory.person.all")),
      ...this.people().map((/** @type {any} */ one) => h("option", { value: one.id }, one.name)),
    );
    this.person.value = chosen;
    this.person.hidden = this.people().length < 2;
    this.note();
    this.progress();
    await Promise.all([this.list(), this.chart()]);
  }

  note() {
    const { t, language } = this.app;
    const { stats } = this;
    const lines = [];
    if (stats.problem) lines.push(stats.problem.text[language()]);
    if (stats.waiting > 0) lines.push(t("page.memory.waiting", { count: number(stats.waiting) }));
    if (!stats.makes_facts) lines.push(t("page.memory.no_facts"));
    this.notes.replaceChildren(...lines.map((line) => h("p.hint", {}, line)));
  }

  /** How far the change of the embedder is; looked at again until it is over. */
  progress() {
    const { t } = this.app;
    const { change } = this.stats;
    clearTimeout(this.looking);
    this.change.hidden = !change;
    if (!change) return;
    const { done, all } = change;
    const percent = Math.floor((100 * done) / Math.max(1, all));
    const words = this.stats.embedder === change.before ? "page.memory.change" : "page.memory.change.words";
    const bar = h(
      "div.progress",
      { role: "progressbar", "aria-labelledby": "memory-change", "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100 },
      h("span"),
    );
    bar.style.setProperty("--done", `${percent}%`);
    this.change.replaceChildren(
      h("p.hint", { id: "memory-change" }, t(words, { done: number(done), all: number(all) })),
      bar,
    );
    this.looking = setTimeout(() => void this.look(), LOOK_MS);
  }

  async look() {
    const turn = this.turn;
    const stats = await this.app.api("/api/v1/memory").catch(() => this.stats); // she may begin anew
    if (this.closed) return;
    if (!stats.change) return void this.refresh();
    if (turn === this.turn) this.stats = stats;
    this.progress();
  }

  /** @param {boolean} [further] add older ones to the list */
  async list(further = false) {
    const { t, api } = this.app;
    const turn = ++this.turn;
    const words = this.field.value.trim();
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (words) query.set("q", words);
    if (this.person.value) query.set("speaker", this.person.value);
    if (this.kind.value) query.set("kind", this.kind.value);
    if (this.from.value) query.set("since", String(since(this.from.value)));
    if (further) query.set("before", String(Math.min(...this.rows.map(({ id }) => id))));
    const { memories } = await api(`/api/v1/memory/memories?${query}`);
    if (turn !== this.turn) return;
    this.rows = further ? [...this.rows, ...memories] : memories;
    this.ul.replaceChildren(...this.rows.map((row) => this.row(row)));
    this.more.hidden = Boolean(words) || memories.length < PAGE;
    const filtered = words || this.person.value || this.kind.value || this.from.value;
    this.empty.hidden = this.rows.length > 0;
    this.empty.replaceChildren(
      icon(filtered ? "search" : "memory"),
      h("strong", {}, t(filtered ? "page.memory.nothing" : "page.memory.empty")),
      h("p", {}, t(filtered ? "page.memory.nothing.hint" : "page.memory.empty.hint")),
    );
    this.map.found = words ? new Set(this.rows.map(({ id }) => id)) : null;
    this.map.draw();
  }

  /** @param {Memory} row */
  row(row) {
    const { t } = this.app;
    return h(
      "li",
      {},
      h(
        `button.memory-row${row.role === "user" ? ".you" : ".mia"}`,
        { type: "button", data: { id: row.id }, "aria-current": String(row.id === this.map.chosen), onclick: () => void this.choose(row.id) },
        h("span.memory-text", {}, row.text),
        h(
          "span.memory-meta",
          {},
          row.kind === "turn" ? this.who(row) : h("span.tag.good", {}, t(`page.memory.one.${row.kind}`)),
          row.until && h("span.tag.warn", {}, t("page.memory.withdrawn")),
          " · ",
          day(row.at),
          row.pinned && h("span.memory-pin", { title: t("page.memory.pinned") }, icon("star")),
        ),
      ),
    );
  }

  async chart() {
    const map = await this.app.api("/api/v1/memory/map");
    this.map.fill(map);
    this.map.element.closest(".memory-map")?.toggleAttribute("hidden", map.points.length < 3);
  }

  /** @param {number} id */
  async choose(id) {
    this.map.chosen = id;
    this.map.draw();
    for (const button of this.ul.querySelectorAll(".memory-row"))
      button.setAttribute("aria-current", String(Number(button.dataset.id) === id));
    await this.detail.show(id);
    if (matchMedia("(max-width: 900px)").matches) this.detail.element.scrollIntoView({ block: "start" });
  }

  /** @param {Record<string, any>} wish */
  async switch(wish) {
    await this.app.api("/api/v1/memory/switches", { method: "PUT", body: wish });
    await this.refresh();
  }

  async forget() {
    const gone = await forgetting(this.app, this.people());
    if (!gone) return;
    this.detail.clear();
    await this.refresh();
  }

  async read() {
    const [file] = this.file.files ?? [];
    this.file.value = "";
    if (!file) return;
    const { t, api } = this.app;
    let words;
    try {
      const { added } = await api("/api/v1/memory/import", { body: file });
      words = t("page.memory.imported", { count: number(added) });
    } catch (error) {
      words = error instanceof Error ? error.message : String(error);
    }
    await this.refresh();
    this.notes.prepend(h("p.hint", { role: "status" }, words));
  }

  close() {
    clearTimeout(this.later);
    clearTimeout(this.looking);
    this.closed = true;
    this.turn++;
    this.map.close();
  }
}

/** @type {import("../pages.js").Mount} */
export async function mount(root, app) {
  const page = new MemoryPage(root, app);
  // What is told to the mind lights up as it happens.
  const off = app.store.watch(["phase"], ({ phase }) => void (phase === "speaking" && page.stats && page.chart()));
  await page.refresh();
  const [wanted] = app.path;
  if (wanted && /^\d+$/.test(wanted)) await page.choose(Number(wanted));
  return () => {
    off();
    page.close();
  };
}
