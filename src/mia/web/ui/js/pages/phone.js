// MIA on a phone: the address of the local network and a code to point the phone at.

import { h, icon } from "../dom.js";
import { copy } from "../follow.js";

/** @typedef {import("../pages.js").App} App */

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const { t } = app;
  const lan = await app.api("/api/v1/lan");
  root.append(h("p.lead", {}, t("page.phone.lead")), ...(lan.open ? opened(app, lan) : closed(app)));
  if (!isSecureContext) root.append(h("div.notice.warning", {}, h("p.notice-text", {}, t("page.phone.insecure"))));
  return () => {};
}

/** @param {App} app @param {any} lan */
function opened({ t, notices }, lan) {
  // The code carries the token: nobody's stream should show it by accident.
  const place = h("div.qr", {});
  const show = h(
    "button.button.primary",
    {
      type: "button",
      onclick: () => {
        const code = h("img", { src: "/api/v1/lan/qr.svg", alt: t("page.phone.code"), width: "260", height: "260" });
        const link = h("button.button", {
          type: "button",
          onclick: async () => {
            if (await copy(lan.link)) notices.toast("info", t("page.phone.copied"));
          },
        });
        link.append(icon("copy"), t("page.phone.copy"));
        place.replaceChildren(code, link);
      },
    },
    icon("eye"),
    t("page.phone.show"),
  );
  place.append(h("p.hint", {}, t("page.phone.secret")), show);
  return [
    h(
      "div.phone-grid",
      {},
      h("section.card.code", { "aria-label": t("page.phone.code") }, place),
      h(
        "section.card",
        {},
        h("h2", {}, t("page.phone.steps")),
        h("ol.steps", {}, ...[1, 2, 3].map((n) => h("li", {}, t(`page.phone.step.${n}`)))),
        h("p.label", {}, t("page.phone.address")),
        h("p.mono", {}, [lan.address, ...lan.others].join(" · ")),
        h("p.label", {}, t("page.phone.fingerprint")),
        h("p.mono.fingerprint", {}, lan.fingerprint),
        h("p.hint", {}, t("page.phone.fingerprint.hint")),
      ),
    ),
  ];
}

/** @param {App} app */
function closed({ t }) {
  return [
    h(
      "section.card",
      {},
      h("h2", {}, t("page.phone.closed")),
      h("p", {}, t("page.phone.closed.how")),
      h("p.mono.command", {}, "mia run --lan"),
      h("p.hint", {}, t("page.phone.closed.why")),
    ),
  ];
}
