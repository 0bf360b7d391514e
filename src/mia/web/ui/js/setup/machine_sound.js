// For those who want to talk without a browser: this machine's own microphone and loudspeaker.

import { ApiError } from "../api.js";
import { h } from "../dom.js";
import { DEVICES, offerDevices } from "../settings/devices.js";
import { Form } from "../settings/form.js";
import { Row } from "../settings/row.js";

/** @typedef {import("../pages.js").App} App */

const KEYS = ["audio.microphone", ...Object.keys(DEVICES)];

/** @param {App} app */
export function machineSound(app) {
  const { t } = app;
  const rows = h("div.rows");
  const said = h("p.hint", { role: "status", hidden: true });
  const again = h("button.button.small", { type: "button", hidden: true }, t("page.setup.machine_sound.again"));
  again.addEventListener("click", async () => {
    again.disabled = true;
    try {
      await app.api("/api/v1/restart", { method: "POST" });
      said.textContent = t("page.models.begins_anew");
      again.hidden = true;
    } catch (error) {
      tell(error);
    }
    again.disabled = false;
  });
  const tell = (/** @type {unknown} */ error) => {
    if (!(error instanceof ApiError)) throw error;
    said.textContent = error.message;
    said.hidden = false;
  };
  const draw = async () => {
    const form = new Form(app);
    try {
      await form.load();
    } catch (error) {
      return tell(error);
    }
    const save = async (/** @type {Row} */ row) => {
      try {
        await form.save();
      } catch (error) {
        return tell(error);
      }
      row.mark();
      said.textContent = t("page.setup.machine_sound.waits");
      said.hidden = again.hidden = false;
    };
    for (const key of KEYS) {
      const field = form.fields.get(key);
      if (!field) continue;
      const row = new Row(form, field, { keep: async () => {}, changed: (_, problem) => void (problem || save(row)) });
      if (key in DEVICES) void offerDevices(app, form, row, () => void save(row));
      rows.append(row.element);
    }
  };
  const details = h(
    "details.machine-sound",
    {},
    h("summary", {}, t("page.setup.machine_sound")),
    h("p.hint", {}, t("page.setup.machine_sound.hint")),
    rows,
    said,
    again,
  );
  details.addEventListener("toggle", () => void draw(), { once: true });
  return details;
}
