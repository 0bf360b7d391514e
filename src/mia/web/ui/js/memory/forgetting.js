// Forgetting more than one: a person, a time, everything; how many that is stands there first.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { number, since } from "./when.js";

/**
 * Ask what to forget, and do it; whether anything was.
 * @param {import("../pages.js").App} app
 * @param {{id: string, name: string}[]} people
 * @returns {Promise<number>} how many memories are gone
 */
export function forgetting(app, people) {
  return new Promise((answer) => {
    let gone = 0;
    let turn = 0;
    const person = h(
      "select.select",
      { "aria-label": t("page.memory.forget.person"), onchange: () => void count() },
      ...people.map(({ id, name }) => h("option", { value: id }, name)),
    );
    const from = h("input.input", { type: "date", "aria-label": t("page.memory.from"), onchange: () => void count() });
    const upto = h("input.input", { type: "date", "aria-label": t("page.memory.upto"), onchange: () => void count() });
    const parts = {
      person: h("div.forget-part", {}, person),
      time: h(
        "div.forget-part.forget-dates",
        {},
        h("label", {}, h("span.label", {}, t("page.memory.from")), from),
        h("label", {}, h("span.label", {}, t("page.memory.upto")), upto),
      ),
      everything: h("div.forget-part", { hidden: true }),
    };
    /** @type {HTMLInputElement[]} */
    const choices = ["person", "time", "everything"].map((value) =>
      h("input", { type: "radio", name: "what", value, checked: value === "person", onchange: () => void count() }),
    );
    const told = h("p.forget-count", { "aria-live": "polite" });
    const yes = h("button.button.danger", { value: "yes" }, t("page.memory.forget"));
    const dialog = h(
      "dialog.ask.forget",
      { "aria-label": t("page.memory.forget.title") },
      h(
        "form",
        { method: "dialog" },
        h("h2", {}, t("page.memory.forget.title")),
        h("p", {}, t("page.memory.forget.lead")),
        ...choices.map((choice) =>
          h(
            "div.forget-choice",
            {},
            h("label", {}, choice, h("span", {}, t(`page.memory.forget.${choice.value}`))),
            parts[/** @type {"person"|"time"|"everything"} */ (choice.value)],
          ),
        ),
        told,
        h("div.buttons", {}, h("button.button", { value: "no" }, t("page.memory.cancel")), yes),
      ),
    );

    const what = () => choices.find(({ checked }) => checked)?.value ?? "person";
    const wanted = () => {
      if (what() === "person") return { speaker: person.value };
      if (what() === "everything") return { everything: true };
      const end = since(upto.value);
      return { since: since(from.value), until: end === undefined ? undefined : end + 86400 };
    };
    const count = async () => {
      const now = ++turn;
      for (const [name, part] of Object.entries(parts)) part.hidden = name !== what() || name === "everything";
      yes.disabled = true;
      if (what() === "time" && !from.value && !upto.value) return void (told.textContent = t("page.memory.forget.when"));
      const { count: many } = await app.api("/api/v1/memory/forget", { body: { ...wanted(), only_count: true } });
      if (now !== turn) return;
      told.textContent = many
        ? t(many === 1 ? "page.memory.forget.count.one" : "page.memory.forget.count", { count: number(many) })
        : t("page.memory.forget.none");
      yes.disabled = !many;
    };

    dialog.addEventListener("close", async () => {
      dialog.remove();
      if (dialog.returnValue === "yes")
        gone = (await app.api("/api/v1/memory/forget", { body: wanted() })).count;
      answer(gone);
    });
    document.body.append(dialog);
    dialog.showModal();
    void count();
  });
}
