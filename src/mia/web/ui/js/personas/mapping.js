// What shows each of her expressions: a hotkey, a blend shape, an address, for every output.

import { h } from "../dom.js";
import { NAMES } from "../avatar/looks.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {Record<string, Record<string, string>>} Expressions what shows one, by output and expression; "" shows nothing */

export const OUTPUTS = /** @type {const} */ (["web", "vts", "vmc", "osc"]);
/** What is written for "nothing". */
const NOTHING = "-";
/** Names most models know, where nobody can be asked. @type {Record<string, string[]>} */
const COMMON = { vmc: ["Joy", "Fun", "Sorrow", "Angry", "Surprised"], osc: ["/avatar/parameters/"] };

export class Mapping {
  /** @param {App} app @param {Expressions} expressions @param {string[]} own names of the user's own expressions */
  constructor(app, expressions, own) {
    const { t } = app;
    this.app = app;
    this.names = [...NAMES, ...own.filter((name) => !NAMES.includes(name))];
    /** @type {Expressions} */
    this.shown = Object.fromEntries(OUTPUTS.map((output) => [output, { ...expressions[output] }]));
    this.lists = Object.fromEntries(
      OUTPUTS.map((output) => [output, h("datalist", { id: `shows-${output}` }, options(COMMON[output] ?? []))]),
    );
    this.output = OUTPUTS.find((output) => Object.keys(this.shown[output]).length) ?? "web";
    this.rows = h("div.mapping-rows");
    const kinds = h(
      "div.segments",
      { role: "radiogroup", "aria-label": t("page.personas.mapping.output") },
      OUTPUTS.map((output) => {
        const input = h("input", {
          type: "radio",
          name: "persona-output",
          value: output,
          checked: output === this.output,
          onchange: () => this.draw((this.output = output)),
        });
        return h("label", {}, input, h("span", {}, t(`page.personas.mapping.${output}`)));
      }),
    );
    this.element = h(
      "details.mapping",
      {},
      h("summary", {}, t("page.personas.mapping")),
      h("p.hint", {}, t("page.personas.mapping.hint")),
      kinds,
      this.rows,
      Object.values(this.lists),
    );
    this.element.addEventListener("toggle", () => void this.ask(), { once: true });
    this.draw(this.output);
  }

  /** @param {typeof OUTPUTS[number]} output */
  draw(output) {
    const { t, has } = this.app;
    const shown = this.shown[output];
    this.rows.replaceChildren(
      ...this.names.map((name) => {
        const key = `page.avatar.look.${name}`;
        const id = `shows-${output}-${name}`;
        const input = h("input.input", {
          id,
          type: "text",
          list: `shows-${output}`,
          maxlength: 200,
          autocomplete: "off",
          spellcheck: "false",
          placeholder: t("page.personas.mapping.auto"),
          value: shown[name] === "" ? NOTHING : (shown[name] ?? ""),
        });
        input.addEventListener("input", () => {
          const typed = input.value.trim();
          if (typed) shown[name] = typed === NOTHING ? "" : typed;
          else delete shown[name];
        });
        return h("div.mapping-row", {}, h("label", { for: id }, has(key) ? t(key) : name), input);
      }),
    );
  }

  /** What the model in VTube Studio has, where it runs. */
  async ask() {
    const { outputs } = await this.app.api("/api/v1/avatar");
    const studio = outputs.find((/** @type {any} */ { name }) => name === "vts")?.details ?? {};
    const hotkeys = (studio.hotkeys ?? []).map((/** @type {any} */ { name }) => name);
    const files = (studio.expressions ?? []).map((/** @type {any} */ { file }) => file);
    this.offer("vts", [...hotkeys, ...files].filter(Boolean));
  }

  /** @param {string} output @param {string[]} names what it has to show */
  offer(output, names) {
    this.lists[output].replaceChildren(...options(names));
  }

  /** @param {string} output */
  of(output) {
    return this.shown[output];
  }

  /** Those that say something. @returns {Expressions} */
  every() {
    return Object.fromEntries(Object.entries(this.shown).filter(([, shown]) => Object.keys(shown).length));
  }
}

/** @param {string[]} names */
const options = (names) => [...new Set(names)].map((value) => h("option", { value }));
