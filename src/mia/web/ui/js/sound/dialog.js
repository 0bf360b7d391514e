// The dialog beside the microphone button: which microphone, which loudspeaker.

import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { SoundLists } from "./lists.js";

/** @param {{microphone: () => Promise<void>, loudspeaker: () => Promise<void>}} use take over what was chosen */
export function showDevices({ microphone, loudspeaker }) {
  const open = /** @type {HTMLElement} */ (document.querySelector("#devices-open"));
  open.addEventListener("click", () => {
    const lists = new SoundLists(t, (kind) => void (kind === "audioinput" ? microphone() : loudspeaker()));
    const dialog = h(
      "dialog.ask.sound-dialog",
      { "aria-labelledby": "sound-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "sound-title" }, t("page.sound.devices")),
        lists.element,
        h("p.quiet", {}, t("page.sound.here")),
        h("div.buttons", {}, h("button.button.primary", { value: "" }, icon("check"), t("page.sound.done"))),
      ),
    );
    dialog.addEventListener("close", () => {
      lists.close();
      dialog.remove();
      open.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
