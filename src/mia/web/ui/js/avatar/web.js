// Her face in the page and in OBS: MIA's own, or a VRM file of the user's.

import { h, icon } from "../dom.js";

/** @typedef {import("../pages.js").App} App */

/** @param {App} app */
export function webFace(app) {
  const { t, worn } = app;
  const puppet = h("input", { type: "radio", name: "worn", value: "puppet" });
  const own = h("input", { type: "radio", name: "worn", value: "vrm" });
  const show = () => {
    puppet.checked = worn.now() === "puppet";
    own.checked = worn.now() === "vrm";
  };
  for (const input of [puppet, own])
    input.addEventListener("change", async () => {
      await worn.wear(input.value);
      show();
    });
  const file = h("input", { type: "file", accept: ".vrm", "aria-label": t("page.obs.avatar.file") });
  file.addEventListener("change", async () => {
    await worn.take(file.files[0]);
    file.value = "";
    show();
  });
  show();
  // Whoever chooses here and sees nothing change is to know why.
  const { persona, wears } = worn.hers();
  const hers =
    wears &&
    h(
      "p.notice.web-hers",
      {},
      h("span.notice-text", {}, t("page.avatar.web.hers", { name: app.store.state.persona })),
      h("a.button.small", { href: `#/personas/${encodeURIComponent(persona)}` }, t("page.nav.personas")),
    );
  return h(
    "section.card.place",
    { "aria-label": t("page.avatar.web") },
    h("div.place-head", {}, h("h2", {}, t("page.avatar.web"))),
    h("p.hint", {}, t("page.avatar.web.hint")),
    hers,
    h(
      "div.web-face",
      {},
      h(
        "div.segments",
        { role: "radiogroup", "aria-label": t("page.obs.avatar") },
        h("label", {}, puppet, h("span", {}, t("page.obs.avatar.puppet"))),
        h("label", {}, own, h("span", {}, t("page.obs.avatar.vrm"))),
      ),
      h("span.button.file-button", {}, icon("upload"), t("page.obs.avatar.file"), file),
      h(
        "button.button",
        { type: "button", onclick: () => document.getElementById("obs-open")?.click() },
        icon("overlay"),
        t("page.obs"),
      ),
    ),
  );
}
