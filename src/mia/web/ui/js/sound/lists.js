// Two lists: at which microphone and loudspeaker of this browser MIA is.

import { h } from "../dom.js";
import { among, choose, chosen, devices, sinks } from "./devices.js";

/** @typedef {import("./devices.js").Kind} Kind */
/** @typedef {(key: string, params?: Record<string, unknown>) => string} Say */

const KINDS = /** @type {const} */ (["audioinput", "audiooutput"]);
let number = 0;

export class SoundLists {
  /** @param {Say} t @param {(kind: Kind) => void} changed */
  constructor(t, changed) {
    this.t = t;
    this.changed = changed;
    this.lists = Object.fromEntries(KINDS.map((kind) => [kind, this.list(kind)]));
    this.said = h("p.hint", { role: "status", hidden: true });
    this.element = h(
      "div.sound-lists",
      {},
      KINDS.map((kind) => {
        const list = this.lists[kind];
        return h("div.field", {}, h("label", { for: list.id }, t(`page.sound.${kind}`)), list);
      }),
      this.said,
    );
    this.fill = this.fill.bind(this);
    navigator.mediaDevices?.addEventListener("devicechange", this.fill);
    void this.fill();
  }

  close() {
    navigator.mediaDevices?.removeEventListener("devicechange", this.fill);
  }

  /** @param {Kind} kind */
  list(kind) {
    const list = h("select.select", { id: `sound-${kind}-${++number}` });
    list.addEventListener("change", () => {
      choose(kind, { id: list.value, label: list.value ? list.selectedOptions[0].textContent : "" });
      this.changed(kind);
    });
    return list;
  }

  /** Show what there is now. */
  async fill() {
    const { t } = this;
    let known = false;
    for (const kind of KINDS) {
      const list = this.lists[kind];
      const found = await devices(kind);
      known ||= found.length > 0;
      const wish = chosen(kind);
      const here = among(found, wish);
      list.replaceChildren(
        h("option", { value: "" }, t("page.devices.system")),
        ...found.map(({ id, label }) => h("option", { value: id }, label)),
      );
      // What is unplugged comes back; the choice waits for it.
      if (wish.id && !here)
        list.append(
          h("option", { value: wish.id }, found.length ? t("page.devices.gone", { name: wish.label }) : wish.label),
        );
      list.value = here?.id ?? wish.id;
      list.disabled = kind === "audiooutput" && !sinks();
    }
    const problem = !isSecureContext
      ? "page.mic.insecure"
      : !known
        ? "page.sound.unnamed"
        : sinks()
          ? ""
          : "page.sound.no_sinks";
    this.said.textContent = problem && t(problem);
    this.said.hidden = !problem;
  }
}
