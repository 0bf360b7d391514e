// The puppet as a still picture: for lists, and where a second one beside the stage would be too
// much. Ids within a drawing are the page's, so two live puppets cannot stand side by side.

import { rest } from "../face/frame.js";
import { Puppet } from "./puppet.js";

/** What lights the headset in a picture. */
const GLOW = "#6fe7d2";
/** Head and shoulders. */
const FRAME = "120 20 560 640";

/**
 * An address of her picture for an <img>; give it back with `URL.revokeObjectURL`.
 * @param {import("./paint.js").Colours} colours @param {string} [expression]
 */
export async function portrait(colours, expression = "") {
  const puppet = await Puppet.load(document.createElement("div"), { still: true, colours });
  const frame = rest();
  // A mood of every day: she looks glad to be seen.
  frame.expressions = expression ? { [expression]: 1 } : { speaking: 1 };
  if (expression === "joy") Object.assign(frame, { eyeOpenLeft: 0, eyeOpenRight: 0 });
  puppet.show(0, frame);
  const { svg } = puppet;
  svg.setAttribute("viewBox", FRAME);
  svg.setAttribute("preserveAspectRatio", "xMidYMid slice");
  svg.setAttribute("width", "560");
  svg.setAttribute("height", "640");
  svg.style.color = colours.accent ?? GLOW;
  const text = new XMLSerializer().serializeToString(svg);
  return URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
}
