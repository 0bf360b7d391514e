// What the settings page knows: the form as the server describes it, what was changed here and is
// not saved yet, and how to put the last saving back.

/** @typedef {import("../pages.js").App} App */
/** @typedef {import("../i18n.js").Language} Language */

/**
 * One setting (`mia.config.form`).
 * @typedef {object} Field
 * @property {string} key
 * @property {string} group
 * @property {string} section
 * @property {string} backend
 * @property {Record<string, string>} label
 * @property {Record<string, string>} description
 * @property {"boolean"|"integer"|"number"|"string"|"text"|"choice"|"list"|"map"|"secret"} kind
 * @property {boolean} nullable
 * @property {string} unit
 * @property {any} default
 * @property {string} env
 * @property {boolean} live
 * @property {boolean} waiting
 * @property {string} lent
 * @property {any[]} [choices]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [above]
 * @property {number} [below]
 * @property {number} [length]
 * @property {string} [pattern]
 * @property {boolean} [numeric]
 */

/** @typedef {{set: Record<string, any>, reset: string[]}} Wish */

/** Stands for "as if it were not in the file". */
export const RESET = Symbol("reset");

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Form {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.file = "";
    /** @type {string[]} */
    this.groups = [];
    /** @type {Map<string, Field>} */
    this.fields = new Map();
    /** @type {Record<string, any>} */
    this.values = {};
    /** @type {Set<string>} */
    this.written = new Set();
    /** @type {Record<string, string>} */
    this.secrets = {};
    /** @type {string[]} */
    this.pending = [];
    /** Changed here, not saved. @type {Map<string, any>} */
    this.draft = new Map();
    /** Puts the last saving back. @type {Wish|null} */
    this.undo = null;
    /** Tried on the running MIA and not saved. @type {Set<string>} */
    this.tried = new Set();
  }

  async load() {
    const form = await this.app.api("/api/v1/config");
    this.file = form.file;
    this.groups = form.groups;
    this.fields = new Map(form.fields.map((/** @type {Field} */ field) => [field.key, field]));
    this.values = form.values;
    this.written = new Set(form.written);
    this.secrets = form.secrets;
    this.pending = form.pending;
    for (const [key, value] of this.draft) if (value !== RESET && same(value, this.values[key])) this.draft.delete(key);
  }

  /** What the field shows: what was typed here, else what is saved. @param {string} key */
  value(key) {
    if (!this.draft.has(key)) return this.values[key];
    const value = this.draft.get(key);
    return value === RESET ? this.initial(key) : value;
  }

  /** @param {string} key */
  initial(key) {
    const field = this.fields.get(key);
    return field?.lent ? null : (field?.default ?? null);
  }

  /** Whether it is other than MIA comes. @param {string} key */
  changed(key) {
    return !same(this.value(key), this.initial(key));
  }

  /** @param {string} key @param {any} value */
  put(key, value) {
    if (value === RESET) {
      if (this.written.has(key)) this.draft.set(key, RESET);
      else this.draft.delete(key);
    } else if (same(value, this.values[key])) this.draft.delete(key);
    else this.draft.set(key, value);
  }

  /** @returns {Wish} */
  wish() {
    /** @type {Wish} */
    const wish = { set: {}, reset: [] };
    for (const [key, value] of this.draft) {
      if (value === RESET) wish.reset.push(key);
      else wish.set[key] = value;
    }
    return wish;
  }

  /** Let the running MIA have it, as far as it can be had at once. @param {string[]} names */
  async try(names) {
    /** @type {Wish} */
    const wish = { set: {}, reset: [] };
    for (const key of names) {
      if (!this.fields.get(key)?.live) continue;
      if (this.draft.get(key) === RESET) wish.reset.push(key);
      else if (this.draft.has(key)) wish.set[key] = this.draft.get(key);
      else if (this.written.has(key)) wish.set[key] = this.values[key];
      else wish.reset.push(key);
    }
    if (Object.keys(wish.set).length === 0 && wish.reset.length === 0) return;
    await this.app.api("/api/v1/config", { method: "PATCH", body: { ...wish, how: "try" } });
    for (const key of names) {
      if (this.draft.has(key)) this.tried.add(key);
      else this.tried.delete(key);
    }
  }

  /** Save what was changed here. @param {Wish} [wish] */
  async save(wish = this.wish()) {
    const before = this.before([...Object.keys(wish.set), ...wish.reset]);
    await this.app.api("/api/v1/config", { method: "PATCH", body: { ...wish, how: "save" } });
    this.undo = before;
    this.draft.clear();
    this.tried.clear();
    await this.load();
  }

  /** How the file has these keys now. @param {string[]} names @returns {Wish} */
  before(names) {
    /** @type {Wish} */
    const wish = { set: {}, reset: [] };
    for (const key of names) {
      if (this.written.has(key)) wish.set[key] = this.values[key];
      else wish.reset.push(key);
    }
    return wish;
  }

  /** Forget what was changed here; what was tried is put back. */
  async discard() {
    const names = [...new Set([...this.draft.keys(), ...this.tried])];
    this.draft.clear();
    await this.try(names);
    this.tried.clear();
  }

  /** The fields of a group or of a search, in order. @param {(field: Field) => boolean} wanted */
  select(wanted) {
    return [...this.fields.values()].filter(wanted);
  }
}
