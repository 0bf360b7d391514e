// Which hotkey or expression of the model in VTube Studio shows each of MIA's expressions.

import { ApiError } from "../api.js";
import { h, icon } from "../dom.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {import("../settings/form.js").Form} Form */

/** MIA's own (`mia.avatar.expressions`); the user's come from the settings. */
export const NAMES = ["joy", "sad", "angry", "surprised", "thinking", "shy", "wink"];
const KEY = "avatar.outputs.vts.expressions";
const OWN = "avatar.expressions.tags";
const TRY_S = 3;

/** In the list, for "found by itself". */
const AUTO = "\0auto";
const NOTHING = "";

export class Looks {
  /** @param {App} app @param {Form} form */
  constructor(app, form) {
    this.app = app;
    this.form = form;
    this.element = h("div.looks", { hidden: true });
    this.shown = "";
    this.problem = h("p.problem", { role: "alert", hidden: true });
  }

  /** @param {import("../pages/avatar.js").Output|undefined} output */
  show(output) {
    const details = output?.status === "connected" ? output.details : null;
    const { hotkeys = [], expressions = [], shown_by: shownBy = {} } = details ?? {};
    const now = JSON.stringify([details !== null, hotkeys, expressions, shownBy, this.form.value(KEY)]);
    if (now === this.shown) return;
    this.shown = now;
    this.element.hidden = details === null;
    if (!details) return;
    const focused = this.element.contains(document.activeElement) ? document.activeElement?.id : "";
    const { t } = this.app;
    const names = [...NAMES, ...Object.keys(this.form.value(OWN) ?? {}).filter((name) => !NAMES.includes(name))];
    const options = choices(hotkeys, expressions, t);
    this.element.replaceChildren(
      h("h3", {}, t("page.avatar.looks")),
      h("p.hint", {}, t(options.length ? "page.avatar.looks.hint" : "page.avatar.looks.none")),
      h(
        "ul.looks-list",
        {},
        names.map((name) => this.line(name, options, shownBy[name] ?? "")),
      ),
      this.problem,
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {string} name @param {ReturnType<typeof choices>} options @param {string} found what shows it now */
  line(name, options, found) {
    const { t, has } = this.app;
    const key = `page.avatar.look.${name}`;
    const words = has(key) ? t(key) : name;
    const id = `look-${name}`;
    const chosen = (this.form.value(KEY) ?? {})[name];
    const auto = chosen === undefined ? found : "";
    const known = chosen === undefined || chosen === NOTHING || options.some(({ value }) => same(value, chosen));
    const list = h(
      "select.select",
      { id },
      h(
        "option",
        { value: AUTO },
        auto ? t("page.avatar.looks.auto.found", { name: auto }) : t("page.avatar.looks.auto"),
      ),
      h("option", { value: NOTHING }, t("page.avatar.looks.nothing")),
      ...["hotkey", "file"].map((kind) => {
        const some = options.filter((one) => one.kind === kind);
        return (
          some.length > 0 &&
          h(
            "optgroup",
            { label: t(kind === "hotkey" ? "page.avatar.looks.hotkeys" : "page.avatar.looks.files") },
            some.map(({ value, label }) => h("option", { value }, label)),
          )
        );
      }),
      !known && h("option", { value: chosen }, t("page.avatar.looks.missing", { name: chosen })),
    );
    list.value = chosen === undefined ? AUTO : (options.find(({ value }) => same(value, chosen))?.value ?? chosen);
    list.addEventListener("change", () => void this.choose(name, list.value));
    const button = h(
      "button.button.small",
      {
        type: "button",
        "aria-label": t("page.avatar.looks.try.named", { name: words }),
        onclick: () => void this.try(name),
      },
      icon("play"),
      t("page.avatar.looks.try"),
    );
    return h("li.look", {}, h("label", { for: id }, words), list, button);
  }

  /** @param {string} name @param {string} value */
  async choose(name, value) {
    const mapping = { ...(this.form.value(KEY) ?? {}) };
    if (value === AUTO) delete mapping[name];
    else mapping[name] = value;
    this.form.put(KEY, mapping);
    await this.tell(() => this.form.save());
  }

  /** @param {string} expression */
  async try(expression) {
    await this.tell(() => this.app.api("/api/v1/avatar/look", { body: { expression, seconds: TRY_S } }));
  }

  /** @param {() => Promise<unknown>} work */
  async tell(work) {
    this.problem.hidden = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    }
  }
}

/**
 * What the model has to show: hotkeys by name, by id where two have the same, and expression files.
 * @param {{id: string, name: string, type: string}[]} hotkeys @param {{name: string, file: string}[]} files
 * @param {App["t"]} t
 */
function choices(hotkeys, files, t) {
  const count = (/** @type {string} */ name) => hotkeys.filter((one) => same(one.name, name)).length;
  return [
    ...hotkeys.map(({ id, name }) => ({
      kind: "hotkey",
      value: name && count(name) === 1 ? name : id,
      label: name || t("page.avatar.looks.unnamed"),
    })),
    ...files.map(({ name, file }) => ({ kind: "file", value: file, label: name || file })),
  ];
}

/** @param {string} a @param {string} b */
const same = (a, b) => a.trim().toLowerCase() === b.trim().toLowerCase();
