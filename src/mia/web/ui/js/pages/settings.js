// The settings: every key of config.yaml by its plain name, tried at once where that is possible,
// saved with the comments kept, and put back if it was not meant so.

import { ApiError } from "../api.js";
import { h, icon } from "../dom.js";
import { DEVICES, offerDevices } from "../settings/devices.js";
import { Form } from "../settings/form.js";
import { quick } from "../settings/quick.js";
import { ofTheProgram, Row } from "../settings/row.js";
import { offerVoices, VOICE } from "../settings/voices.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {import("../settings/form.js").Field} Field */

const QUICK = "quick";
/** Between the last move of a slider and the voice that follows it. */
const CALM_MS = 250;
/** After so long a restart either shows in the connection or is over. */
const BACK_MS = 1500;
/** What was changed and not saved stays while one looks at another page. @type {Form|null} */
let kept = null;

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const form = kept ?? new Form(app);
  kept = form;
  form.app = app;
  await form.load();
  const page = new Settings(root, app, form);
  page.draw();
  return () => page.close();
}

class Settings {
  /** @param {HTMLElement} root @param {App} app @param {Form} form */
  constructor(root, app, form) {
    this.root = root;
    this.app = app;
    this.form = form;
    this.group = app.path[0] && [QUICK, ...form.groups].includes(app.path[0]) ? app.path[0] : QUICK;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Map<string, string>} */
    this.problems = new Map();
    /** @type {Set<string>} */
    this.toTry = new Set();
    this.timer = 0;
    this.open = true;
    this.wasAway = false;
    /** What ends what was begun. @type {(() => void)[]} */
    this.leaving = [];
  }

  close() {
    this.open = false;
    clearTimeout(this.timer);
    for (const leave of this.leaving) leave();
  }

  draw() {
    const { t } = this.app;
    this.search = h("input.input", {
      type: "search",
      placeholder: t("page.settings.search"),
      "aria-label": t("page.settings.search"),
      oninput: () => this.fill(),
    });
    this.only = h("input.toggle", { type: "checkbox", role: "switch", onchange: () => this.fill() });
    this.list = h("div.settings-list");
    this.nav = h(
      "nav.settings-nav",
      { "aria-label": t("page.settings.groups") },
      [QUICK, ...this.form.groups].map((group) =>
        h(
          "a",
          { href: `#/settings/${group}`, ...(group === this.group && { "aria-current": "true" }) },
          this.groupName(group),
        ),
      ),
    );
    this.waits = h("div.settings-waits", { role: "status" });
    this.bar = h("div.save-bar", { role: "region", "aria-live": "polite", hidden: true });
    this.root.append(
      h(
        "div.toolbar",
        {},
        h("div.search", {}, icon("search"), this.search),
        h("label.only", {}, this.only, t("page.settings.only_changed")),
      ),
      this.waits,
      h("div.settings", {}, this.nav, this.list),
      this.bar,
    );
    this.nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    this.fill();
    this.tell();
    this.leaving.push(this.app.store.watch(["connection"], ({ connection }) => void this.back(connection)));
  }

  /** @param {string} group */
  groupName(group) {
    const key = group === QUICK ? "page.settings.quick" : `page.settings.group.${group}`;
    return this.app.has(key) ? this.app.t(key) : group.replaceAll("_", " ");
  }

  // ── what is shown ──────────────────────────────────────────────────────────────────────────

  fill() {
    this.rows = [];
    const words = plain(this.search.value).split(/\s+/).filter(Boolean);
    const only = this.only.checked;
    if (words.length || only) this.list.replaceChildren(...this.found(words, only));
    else if (this.group === QUICK) this.list.replaceChildren(quick(this));
    else this.list.replaceChildren(...this.sections(this.group));
  }

  /** @param {string[]} words @param {boolean} only */
  found(words, only) {
    const language = this.app.language();
    const hits = this.form.select((field) => {
      if (only && (field.kind === "secret" || !(this.form.changed(field.key) || this.form.draft.has(field.key))))
        return false;
      const text = plain(
        `${field.key} ${field.label[language]} ${field.description[language]} ${this.groupName(field.group)}`,
      );
      return words.every((word) => text.includes(word));
    });
    if (hits.length === 0) return [h("p.empty", {}, this.app.t("page.settings.none"))];
    const groups = [...new Set(hits.map(({ group }) => group))];
    return groups.map((group) =>
      this.card(
        this.groupName(group),
        hits.filter((field) => field.group === group),
      ),
    );
  }

  /** @param {string} group */
  sections(group) {
    const fields = this.form.select((field) => field.group === group);
    const sections = [...new Set(fields.map(({ section }) => section))];
    const cards = [];
    const others = [];
    for (const section of sections) {
      const own = fields.filter((field) => field.section === section);
      const { backend } = own[0];
      if (!backend) {
        cards.push(this.card(cards.length === 0 ? this.groupName(group) : this.sectionName(section), own));
        continue;
      }
      const card = () => this.card(this.app.t("page.settings.options", { name: this.backendName(backend) }), own);
      if (this.inUse(section, backend)) cards.push(card());
      else others.push({ backend, card });
    }
    if (others.length) cards.push(this.folded(others));
    return cards;
  }

  /** Whether a backend is one of those that were chosen. @param {string} section @param {string} backend */
  inUse(section, backend) {
    const port = section.slice(0, -backend.length - 1);
    const chosen = this.form.value(`${port}.backend`);
    if (chosen === undefined) return true;
    return chosen === backend || (this.form.value(`${port}.fallback`) ?? []).includes(backend);
  }

  /** @param {{backend: string, card: () => HTMLElement}[]} others */
  folded(others) {
    const place = h("div.settings-list");
    const details = h(
      "details.others",
      {},
      h("summary", {}, icon("chevron"), this.app.t("page.settings.others", { count: others.length })),
      place,
    );
    details.addEventListener("toggle", () => {
      if (details.open && !place.firstChild) place.append(...others.map(({ card }) => card()));
    });
    return details;
  }

  /** @param {string} backend */
  backendName(backend) {
    const key = `choice.backend.${backend}`;
    if (this.app.has(`page.avatar.output.${backend}`)) return this.app.t(`page.avatar.output.${backend}`);
    return this.app.has(key) ? this.app.t(key) : backend;
  }

  /** @param {string} section */
  sectionName(section) {
    const key = `page.settings.section.${section}`;
    return this.app.has(key) ? this.app.t(key) : this.groupName(section.split(".").at(-1) ?? section);
  }

  /** @param {string} title @param {Field[]} fields */
  card(title, fields) {
    return h(
      "section.card.settings-card",
      { "aria-label": title },
      h("h2", {}, title),
      h(
        "div.rows",
        {},
        fields.map((field) => this.row(field).element),
      ),
    );
  }

  /** @param {Field} field */
  row(field) {
    const row = new Row(this.form, field, {
      changed: (changed, problem) => this.changed(changed, problem),
      keep: (secret, value) => this.keep(secret, value),
    });
    if (this.problems.has(field.key)) row.complain(this.problems.get(field.key) ?? "");
    if (field.key === VOICE) void offerVoices(this, row);
    if (field.key in DEVICES) void offerDevices(this.app, this.form, row, () => this.changed(field, ""));
    this.rows.push(row);
    return row;
  }

  // ── what is done ───────────────────────────────────────────────────────────────────────────

  /** @param {Field} field @param {string} problem */
  changed(field, problem) {
    if (problem) this.problems.set(field.key, problem);
    else this.problems.delete(field.key);
    this.form.undo = null;
    this.tell();
    for (const row of this.rows) if (row.field.key === field.key) row.mark();
    if (problem || !field.live) return;
    this.toTry.add(field.key);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tryNow(), CALM_MS);
  }

  async tryNow() {
    const names = [...this.toTry];
    this.toTry.clear();
    try {
      await this.form.try(names);
    } catch (error) {
      this.failed(error, names);
    }
    if (this.open) this.tell();
  }

  async save() {
    clearTimeout(this.timer);
    const names = [...this.form.draft.keys()];
    try {
      await this.form.save();
      this.problems.clear();
    } catch (error) {
      return this.failed(error, names);
    }
    if (!this.open) return;
    this.fill();
    this.tell();
    this.bar.querySelector("button")?.focus();
  }

  async undo() {
    const { undo } = this.form;
    if (!undo) return;
    try {
      await this.form.save(undo);
      this.form.undo = null;
      this.app.notices.toast("info", this.app.t("page.settings.undone"));
    } catch (error) {
      return this.failed(error, [...Object.keys(undo.set), ...undo.reset]);
    }
    if (!this.open) return;
    this.fill();
    this.tell();
  }

  async discard() {
    this.problems.clear();
    try {
      await this.form.discard();
    } catch (error) {
      this.failed(error, []);
    }
    if (!this.open) return;
    this.fill();
    this.tell();
  }

  /** @param {Field} field @param {string} value */
  async keep(field, value) {
    try {
      await this.app.api(`/api/v1/config/secrets/${field.key}`, { method: "PUT", body: { value } });
      this.app.notices.toast("info", this.app.t("page.settings.secret.kept"));
      await this.form.load();
      this.form.pending = [...new Set([...this.form.pending, field.key])];
      if (!this.open) return;
      this.fill();
      this.tell();
    } catch (error) {
      this.failed(error, [field.key]);
    }
  }

  /** Say what is wrong where it was typed. @param {unknown} error @param {string[]} names */
  failed(error, names) {
    if (!(error instanceof ApiError)) throw error;
    const fields = error.problem.fields ?? [];
    const language = this.app.language();
    for (const { key, text } of fields) this.problems.set(key, text[language] ?? text.en);
    if (fields.length === 0 && names.length === 1) this.problems.set(names[0], error.message);
    else if (fields.length === 0) this.app.notices.toast("error", error.message);
    if (!this.open) return;
    const shown = new Map(this.rows.map((row) => [row.field.key, row]));
    for (const [key, text] of this.problems) shown.get(key)?.complain(text);
    const first = [...this.problems.keys()].find((key) => shown.has(key));
    if (first) shown.get(first)?.element.scrollIntoView({ block: "center" });
    else if (fields.length) this.app.notices.toast("error", fields[0].text[language]);
    this.tell();
  }

  async restart() {
    const { t } = this.app;
    this.wasAway = true;
    this.waits.replaceChildren(h("div.notice.warning", {}, h("p.notice-text", {}, t("page.settings.restarting"))));
    try {
      await this.app.api("/api/v1/restart", { method: "POST", raw: true });
      // She may be back before the line was lost.
      setTimeout(() => void this.back(this.app.store.state.connection), BACK_MS);
    } catch (error) {
      this.wasAway = false;
      this.tell();
      this.failed(error, []);
    }
  }

  /** MIA is there again after a restart. @param {string} connection */
  async back(connection) {
    if (!this.open) return;
    if (connection !== "open") {
      this.wasAway = true;
      return;
    }
    if (!this.wasAway) return;
    this.wasAway = false;
    await this.form.load();
    if (!this.open) return;
    if (this.form.pending.length === 0) this.app.notices.toast("info", this.app.t("page.settings.restarted"));
    this.fill();
    this.tell();
  }

  // ── what is told ───────────────────────────────────────────────────────────────────────────

  tell() {
    this.tellWaiting();
    const { t } = this.app;
    const count = this.form.draft.size;
    const button = (/** @type {string} */ kind, /** @type {string} */ text, /** @type {() => void} */ onclick) =>
      h(`button.button.${kind}`, { type: "button", onclick }, text);
    if (count > 0) {
      const words = count === 1 ? t("page.settings.unsaved.one") : t("page.settings.unsaved", { count });
      const heard = [...this.form.draft.keys()].some((key) => this.form.tried.has(key));
      const save = button("primary", t("page.settings.save"), () => void this.save());
      save.disabled = this.problems.size > 0;
      this.bar.replaceChildren(
        h("p", {}, h("strong", {}, words), heard && h("span.quiet", {}, ` ${t("page.settings.trying")}`)),
        button("plain", t("page.settings.discard"), () => void this.discard()),
        save,
      );
    } else if (this.form.undo) {
      this.bar.replaceChildren(
        h("p", {}, icon("check"), t("page.settings.saved")),
        button("plain", t("page.settings.undo"), () => void this.undo()),
      );
    }
    this.bar.hidden = count === 0 && !this.form.undo;
  }

  tellWaiting() {
    const { t } = this.app;
    const language = this.app.language();
    const names = (/** @type {string[]} */ keys) =>
      keys.map((key) => this.form.fields.get(key)?.label[language] ?? key).join(", ");
    const fields = this.form.pending.map((key) => this.form.fields.get(key)).filter((field) => field !== undefined);
    const program = fields.filter(ofTheProgram).map(({ key }) => key);
    const soon = this.form.pending.filter((key) => !program.includes(key));
    this.waits.replaceChildren(
      ...[
        soon.length > 0 &&
          h(
            "div.notice.warning",
            {},
            h("p.notice-text", {}, t("page.settings.pending", { names: names(soon) })),
            h(
              "button.notice-act",
              { type: "button", id: "restart", onclick: () => void this.restart() },
              t("page.settings.restart.now"),
            ),
          ),
        program.length > 0 &&
          h("div.notice", {}, h("p.notice-text", {}, t("page.settings.pending.program", { names: names(program) }))),
      ].filter((one) => one !== false),
    );
  }
}

/** Without accents and capitals. @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
