// A persona's face before it is hers: the puppet as a picture, a model drawn beside the stage.

import { h } from "../dom.js";
import { rest } from "../face/frame.js";
import { portrait } from "../puppet/portrait.js";
import { ModelError, check } from "../vrm/check.js";
import { NAMES } from "../avatar/looks.js";

/** @typedef {import("../pages.js").App} App */

/** Between the last turn of a colour wheel and its picture. */
const CALM_MS = 60;
const PICTURE_MS = 1000 / 20;

export class Preview {
  /** @param {App} app @param {(names: string[]) => void} named told which expressions a model has */
  constructor(app, named) {
    const { t, has } = app;
    this.app = app;
    this.named = named;
    /** Counts what was asked for: what comes late is not shown. */
    this.asked = 0;
    this.timer = 0;
    this.expression = "";
    /** @type {import("../puppet/paint.js").Colours|null} */
    this.colours = null;
    /** @type {import("../vrm/model.js").Model|null} */
    this.drawn = null;
    this.file = /** @type {File|string|null} */ (null);
    this.picture = h("div.face-picture");
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.moods = h(
      "select.select",
      { "aria-label": t("page.personas.face.try") },
      h("option", { value: "" }, t("page.personas.face.calm")),
      NAMES.map((name) => {
        const key = `page.avatar.look.${name}`;
        return h("option", { value: name }, has(key) ? t(key) : name);
      }),
    );
    this.moods.addEventListener("change", () => {
      this.expression = this.moods.value;
      if (this.colours) void this.puppet(this.colours);
    });
    this.element = h("div.face-preview", {}, this.picture, this.moods, this.problem);
  }

  close() {
    this.asked++;
    clearTimeout(this.timer);
    this.clear();
  }

  clear() {
    clearInterval(this.timer);
    this.drawn?.dispose();
    this.drawn = null;
    this.file = null;
    for (const picture of this.picture.querySelectorAll("img")) URL.revokeObjectURL(picture.src);
    this.picture.replaceChildren();
    this.problem.hidden = true;
  }

  /** @param {import("../puppet/paint.js").Colours} colours */
  async puppet(colours) {
    const asked = ++this.asked;
    this.colours = colours;
    await new Promise((done) => setTimeout(done, CALM_MS));
    if (asked !== this.asked) return;
    const src = await portrait(colours, this.expression);
    if (asked !== this.asked) return URL.revokeObjectURL(src);
    this.clear();
    this.picture.append(h("img", { src, alt: "" }));
  }

  /** @param {File|string|null} file a model, or its address @param {() => Record<string, string>} expressions what shows hers, whenever it is drawn */
  async model(file, expressions) {
    const asked = ++this.asked;
    this.colours = null;
    if (file && file === this.file) return;
    this.clear();
    if (!file) return;
    try {
      const data = await (file instanceof File ? file : await fetch(file)).arrayBuffer();
      check(data);
      const { Model } = await import("../vrm/model.js");
      if (asked !== this.asked) return;
      const drawn = await Model.load(this.picture, data);
      if (asked !== this.asked) return drawn.dispose();
      this.drawn = drawn;
      this.file = file;
      this.named(drawn.names);
      this.timer = setInterval(() => {
        const frame = rest();
        drawn.expressions = expressions();
        frame.expressions = this.expression ? { [this.expression]: 1 } : {};
        drawn.show(PICTURE_MS / 1000, frame);
      }, PICTURE_MS);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      this.problem.textContent = this.app.t(`page.model.${error.problem}`, { what: error.what });
      this.problem.hidden = false;
    }
  }
}
