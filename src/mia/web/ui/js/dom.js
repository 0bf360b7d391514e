// Making elements in a line: what every page builds its parts with.

/** @typedef {Node|string|number|null|undefined|false} Child */

/**
 * An element: `h("button.button.primary", {type: "button", onclick: run}, "Save")`.
 * Functions named on… listen, `data` fills the dataset, booleans come and go as attributes.
 * @param {string} spec tag and classes
 * @param {Record<string, any>} [props]
 * @param {...(Child|Child[])} children
 * @returns {any}
 */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "value" || name === "checked" || name === "indeterminate")
      /** @type {any} */ (made)[name] = value;
    else if (typeof value === "boolean" && !name.startsWith("aria-")) made.toggleAttribute(name, value);
    else made.setAttribute(name, String(value));
  }
  made.append(...children.flat().filter(present).map(nodeOf));
  return made;
}

/** @param {Child} child @returns {child is Node|string|number} */
const present = (child) => child !== null && child !== undefined && child !== false;

/** @param {any} child @returns {Node|string} */
const nodeOf = (child) => (child instanceof Node ? child : String(child));

/** One of the drawings in icons.svg. @param {string} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.classList.add("icon");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/ui/img/icons.svg#${name}`);
  drawing.append(use);
  return drawing;
}

/**
 * Ask before something that cannot be taken back; the answer is whether to go on.
 * @param {{title: string, text?: string, yes: string, no: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, text = "", yes, no, danger = false }) {
  return new Promise((answer) => {
    const dialog = h(
      "dialog.ask",
      { "aria-label": title },
      h(
        "form",
        { method: "dialog" },
        h("h2", {}, title),
        text && h("p", {}, text),
        h(
          "div.buttons",
          {},
          h("button.button", { value: "no" }, no),
          h(`button.button.${danger ? "danger" : "primary"}`, { value: "yes" }, yes),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
