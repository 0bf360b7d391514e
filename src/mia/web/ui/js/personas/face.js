// What a persona is shown as: the usual face, the puppet in her own colours, or a model of her own,
// with a preview; and what shows each of her expressions in every output.

import { h, icon } from "../dom.js";
import { PARTS, SWATCHES } from "../puppet/paint.js";
import { Refusal, send } from "../wardrobe.js";
import { Mapping } from "./mapping.js";
import { Preview } from "./preview.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {import("../puppet/paint.js").Part} Part */
/** @typedef {{wears: "puppet"|"vrm"|null, colours: import("../puppet/paint.js").Colours, expressions: Record<string, Record<string, string>>}} Face */
/** @typedef {{id: string, face: Face, model: string}} Faced what is needed of a persona */

const PATH = "/api/v1/personas/model";
const CHOICES = /** @type {const} */ (["usual", "puppet", "vrm"]);

export class FaceEditor {
  /** @param {App} app @param {Faced} persona @param {string[]} own names of the user's own expressions */
  constructor(app, persona, own) {
    this.app = app;
    this.persona = persona;
    this.wears = persona.face.wears;
    this.colours = { ...persona.face.colours };
    /** A model that is not sent yet. @type {File|null} */
    this.file = null;
    this.preview = new Preview(app, (names) => this.mapping.offer("web", names));
    this.mapping = new Mapping(app, persona.face.expressions, own);
    this.choices = h("div.face-choices");
    this.element = h(
      "section.persona-looks",
      { "aria-labelledby": "persona-face" },
      h("h2", { id: "persona-face" }, app.t("page.personas.face")),
      h("p.hint", {}, app.t("page.personas.face.hint")),
      this.kinds(),
      h("div.face-editor", {}, this.preview.element, this.choices),
      this.mapping.element,
    );
    this.draw();
  }

  close() {
    this.preview.close();
  }

  kinds() {
    const { t } = this.app;
    return h(
      "div.segments",
      { role: "radiogroup", "aria-labelledby": "persona-face" },
      CHOICES.map((kind) => {
        const input = h("input", {
          type: "radio",
          name: "persona-wears",
          value: kind,
          checked: (this.wears ?? "usual") === kind,
        });
        input.addEventListener("change", () => {
          this.wears = kind === "usual" ? null : kind;
          this.draw();
        });
        return h("label", {}, input, h("span", {}, t(`page.personas.face.${kind}`)));
      }),
    );
  }

  draw() {
    const { t } = this.app;
    if (this.wears === "puppet") this.choices.replaceChildren(this.palette());
    else if (this.wears === "vrm") this.choices.replaceChildren(...this.model());
    else this.choices.replaceChildren(h("p.hint", {}, t("page.personas.face.usual.hint")));
    this.show();
  }

  show() {
    const { wears, persona, file } = this;
    const model = file ?? (persona.model && `${PATH}?persona=${persona.id}&version=${persona.model}`);
    if (wears === "vrm") void this.preview.model(model || null, () => this.mapping.of("web"));
    else void this.preview.puppet(wears === "puppet" ? this.colours : {});
    this.preview.element.toggleAttribute("data-usual", wears === null);
  }

  palette() {
    const { t } = this.app;
    const parts = /** @type {Part[]} */ (Object.keys(PARTS));
    const rows = parts.map((part) => this.row(part));
    const again = h(
      "button.button.small.plain",
      {
        type: "button",
        onclick: () => {
          this.colours = {};
          this.draw();
        },
      },
      icon("undo"),
      t("page.personas.face.colours.own"),
    );
    return h("div.face-palette", {}, rows, again);
  }

  /** @param {Part} part */
  row(part) {
    const { t } = this.app;
    const name = t(`page.personas.face.${part}`);
    const { own } = PARTS[part];
    const swatches = SWATCHES[part].map((colour, n) => {
      const button = h("button.swatch", {
        type: "button",
        title: n === 0 ? t("page.personas.face.own") : colour,
        "aria-label": n === 0 ? `${name}: ${t("page.personas.face.own")}` : `${name}: ${colour}`,
        onclick: () => choose(colour),
      });
      button.style.setProperty("--colour", colour);
      return { colour, button };
    });
    const free = h("input.swatch-free", {
      type: "color",
      title: t("page.personas.face.other"),
      "aria-label": `${name}: ${t("page.personas.face.other")}`,
      oninput: () => choose(free.value),
    });
    const mark = () => {
      const now = this.colours[part] ?? own;
      for (const { colour, button } of swatches) button.setAttribute("aria-pressed", String(colour === now));
      free.value = now;
      free.toggleAttribute("data-chosen", !swatches.some(({ colour }) => colour === now));
    };
    const choose = (/** @type {string} */ colour) => {
      if (colour === own) delete this.colours[part];
      else this.colours[part] = colour.toLowerCase();
      mark();
      this.show();
    };
    mark();
    return h(
      "div.face-row",
      { role: "group", "aria-label": name },
      h("span.label", {}, name),
      h(
        "div.swatches",
        {},
        swatches.map(({ button }) => button),
        free,
      ),
    );
  }

  model() {
    const { t } = this.app;
    const there = this.file || this.persona.model;
    const file = h("input", { type: "file", accept: ".vrm", "aria-label": t("page.obs.avatar.file") });
    file.addEventListener("change", () => {
      const [chosen] = file.files;
      if (!chosen) return;
      this.file = chosen;
      this.draw();
    });
    const state = this.file
      ? t("page.personas.face.model.new", { name: this.file.name })
      : t(there ? "page.personas.face.model.there" : "page.personas.face.model.none");
    return [
      h("p.hint", { role: "status" }, state),
      h(
        "span.button.file-button",
        {},
        icon("upload"),
        t(there ? "page.personas.face.model.another" : "page.obs.avatar.file"),
        file,
      ),
      h("p.quiet", {}, t("page.personas.face.model.card")),
    ];
  }

  /** The face as it is to be saved; her model goes first. Raises what `App.say` can tell. @returns {Promise<Face>} */
  async kept() {
    const { t } = this.app;
    if (this.wears === "vrm" && !this.file && !this.persona.model) throw new Missing(t("page.personas.face.model.none"));
    if (this.wears === "vrm" && this.file) {
      try {
        await send(`${PATH}?persona=${this.persona.id}`, this.file);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw new Missing(error.text[this.app.language()]);
      }
    }
    return { wears: this.wears, colours: this.colours, expressions: this.mapping.every() };
  }
}

/** Something the user has to do first, in their words. */
export class Missing extends Error {}
