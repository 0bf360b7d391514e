// MIA on a phone: the address of the local network and a code to point the phone at.

import { h, icon } from "../dom.js";
import { copy } from "../follow.js";

/** @typedef {import("../pages.js").App} App */

/** @param {HTMLElement} root @param {App} app */
export async function mount(root, app) {
  const { t } = app;
  const place = h("div.phone-place");
  const problem = h("p.problem", { role: "alert", hidden: true });

  async function show() {
    const lan = await app.api("/api/v1/lan");
    place.replaceChildren(...(lan.open ? opened(app, lan, change) : closed(app, change)));
  }

  /** Open MIA to the local network, or close her; kept in config.yaml. @param {boolean} open */
  async function change(open) {
    problem.hidden = true;
    try {
      await app.api("/api/v1/config", { method: "PATCH", body: { set: { "web.lan": open }, how: "save" } });
      await show();
    } catch (error) {
      problem.hidden = false;
      problem.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  root.append(h("p.lead", {}, t("page.phone.lead")), problem, place);
  await show();
  if (!isSecureContext) root.append(h("div.notice.warning", {}, h("p.notice-text", {}, t("page.phone.insecure"))));
  return () => {};
}

/** @param {App} app @param {any} lan @param {(open: boolean) => Promise<void>} change */
function opened({ t, notices }, lan, change) {
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
        // Whoever came in by this door would shut it behind them.
        location.protocol === "http:" &&
          h(
            "div.buttons",
            {},
            h("button.button", { type: "button", onclick: () => void change(false) }, icon("power"), t("page.phone.close")),
          ),
      ),
    ),
  ];
}

/** @param {App} app @param {(open: boolean) => Promise<void>} change */
function closed({ t }, change) {
  const open = h("button.button.primary", { type: "button", onclick: () => void go() }, icon("link"), t("page.phone.open"));
  const go = async () => {
    open.disabled = true;
    await change(true);
    open.disabled = false;
  };
  return [
    h(
      "section.card",
      {},
      h("h2", {}, t("page.phone.closed")),
      h("p", {}, t("page.phone.closed.why")),
      h("div.buttons", {}, open),
      h("p.hint", {}, t("page.phone.closed.how")),
    ),
  ];
}
