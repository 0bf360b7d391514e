// The sound devices of the machine MIA runs on by their names; one that is unplugged stays chosen.

import { h, icon } from "../dom.js";

/** @typedef {import("../pages.js").App} App */
/** @typedef {{value: string, name: string, api: string, number: number, inputs: number, outputs: number, default_input: boolean, default_output: boolean}} Device */
/** @typedef {{devices: Device[], problem: {text: Record<string, string>}|null}} Found */

/** Key of the setting → which channels count, and what the system's own choice is called. */
export const DEVICES = /** @type {const} */ ({
  "audio.input_device": ["inputs", "default_input"],
  "audio.output_device": ["outputs", "default_output"],
});

/** What was found last; both lists of a page share it. @type {Promise<Found>|null} */
let found = null;

/** @param {App} app @param {boolean} anew @returns {Promise<Found>} */
function ask(app, anew) {
  if (anew || !found) {
    found = app.api("/api/v1/devices");
    found?.catch(() => (found = null));
  }
  return /** @type {Promise<Found>} */ (found);
}

/** Which device a saved name or number means, as PortAudio would find it. @param {Device[]} devices @param {string|number} saved */
export function meant(devices, saved) {
  if (typeof saved === "number") return devices.find(({ number }) => number === saved);
  const wish = saved.toLowerCase();
  const exact = devices.filter(({ name, value }) => [name.toLowerCase(), value.toLowerCase()].includes(wish));
  const words = wish.split(/\s+/).filter(Boolean);
  const close = devices.filter(({ value }) => {
    let at = 0;
    return words.every((word) => {
      const place = value.toLowerCase().indexOf(word, at);
      at = place + word.length;
      return place >= 0;
    });
  });
  return exact.length === 1 ? exact[0] : close.length === 1 ? close[0] : undefined;
}

/**
 * Puts a list of devices in the place of the field of `row`.
 * @param {App} app @param {import("./form.js").Form} form @param {import("./row.js").Row} row @param {() => void} changed told when another was chosen
 */
export function offerDevices(app, form, row, changed) {
  const { t } = app;
  const { key } = row.field;
  const [channels, usual] = DEVICES[/** @type {keyof typeof DEVICES} */ (key)];
  const before = row.control.focus;
  const list = h("select.select", { id: before.id, "aria-describedby": before.getAttribute("aria-describedby") });
  const again = h(
    "button.icon-only",
    {
      type: "button",
      title: t("page.devices.again"),
      "aria-label": t("page.devices.again"),
      onclick: () => void fill(true),
    },
    icon("refresh"),
  );
  const said = h("p.hint.devices-said", { role: "status", hidden: true });
  /** @type {Device[]} */
  let devices = [];

  const show = () => {
    const saved = form.value(key);
    const here = saved === null || saved === undefined ? null : meant(devices, saved);
    const own = devices.find((device) => device[usual]);
    const apis = [...new Set(devices.map(({ api }) => api))];
    // The system's own way first: the others lead to the same devices.
    apis.sort((a, b) => Number(b === own?.api) - Number(a === own?.api));
    const option = (/** @type {Device} */ { value, name }) => h("option", { value }, name);
    const of = (/** @type {string} */ api) => devices.filter((device) => device.api === api);
    list.replaceChildren(
      h("option", { value: "" }, own ? t("page.devices.system.named", { name: own.name }) : t("page.devices.system")),
      ...(apis.length > 1
        ? apis.map((api) => h("optgroup", { label: api }, of(api).map(option)))
        : devices.map(option)),
    );
    // What is unplugged comes back; the choice waits for it.
    if (here === undefined) list.append(h("option", { value: "\0" }, t("page.devices.gone", { name: String(saved) })));
    list.value = here === undefined ? "\0" : (here?.value ?? "");
  };

  const fill = async (/** @type {boolean} */ anew) => {
    again.disabled = true;
    try {
      const answer = await ask(app, anew);
      devices = answer.devices.filter((device) => device[channels] > 0);
      const none = key === "audio.input_device" ? "page.devices.no_microphone" : "page.devices.no_loudspeaker";
      said.textContent = answer.problem?.text[app.language()] ?? (devices.length ? "" : t(none));
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
    }
    said.hidden = !said.textContent;
    again.disabled = false;
    show();
  };

  list.addEventListener("change", () => {
    if (list.value === "\0") return;
    form.put(key, list.value || null);
    row.mark();
    changed();
  });
  const place = h("div.devices", {}, h("div.devices-line", {}, list, again), said);
  row.control.element.replaceWith(place);
  row.control = { element: place, focus: list, show };
  show();
  return fill(false);
}
