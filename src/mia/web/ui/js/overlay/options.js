// What an overlay's address says about how she is shown.

import { clamp } from "../face/frame.js";

/** @typedef {"off"|"user"|"mia"|"both"} Subtitled */
/**
 * @typedef {object} Options
 * @property {"puppet"|"vrm"} avatar where her persona brings none along
 * @property {boolean} fixed that avatar, whoever she is
 * @property {number} scale 0.2 … 4
 * @property {number} x moved to the right, in hundredths of the picture's width
 * @property {number} y moved down, in hundredths of its height
 * @property {boolean} flip
 * @property {"left"|"center"|"right"} side
 * @property {Subtitled} subtitles
 * @property {"bubble"|"outline"|"bar"} style of the subtitles
 * @property {boolean} sound
 * @property {number} leadMs how much earlier the mouth moves
 * @property {boolean} debug
 * @property {string} background a CSS colour; "" is transparent
 * @property {string} token
 */

/** @type {Options} */
export const DEFAULTS = {
  avatar: "puppet",
  fixed: false,
  scale: 1,
  x: 0,
  y: 0,
  flip: false,
  side: "center",
  subtitles: "off",
  style: "bubble",
  sound: false,
  leadMs: 0,
  debug: false,
  background: "",
  token: "",
};

/** @param {URLSearchParams} query @returns {Options} with the defaults for what is missing or senseless */
export function read(query) {
  const one = (/** @type {string} */ name, /** @type {string[]} */ known) =>
    known.find((value) => value === query.get(name)?.toLowerCase()) ?? known[0];
  const number = (
    /** @type {string} */ name,
    /** @type {number} */ usual,
    /** @type {number} */ low,
    /** @type {number} */ high,
  ) => {
    const value = Number.parseFloat(query.get(name) ?? "");
    return Number.isFinite(value) ? clamp(value, low, high) : usual;
  };
  const flag = (/** @type {string} */ name) => ["1", "true", "yes"].includes(query.get(name) ?? "");
  const colour = query.get("background") ?? "";
  const background = /^[0-9a-f]{3,8}$/i.test(colour) ? `#${colour}` : colour;
  return {
    avatar: /** @type {any} */ (one("avatar", ["puppet", "vrm"])),
    fixed: flag("fixed"),
    scale: number("scale", 1, 0.2, 4),
    x: number("x", 0, -100, 100),
    y: number("y", 0, -100, 100),
    flip: flag("flip"),
    side: /** @type {any} */ (one("side", ["center", "left", "right"])),
    subtitles: /** @type {any} */ (one("subtitles", ["off", "user", "mia", "both"])),
    style: /** @type {any} */ (one("style", ["bubble", "outline", "bar"])),
    sound: flag("sound"),
    leadMs: number("lead_ms", 0, -500, 500),
    debug: flag("debug"),
    background: CSS.supports("color", background) && background !== "transparent" ? background : "",
    token: query.get("token") ?? "",
  };
}

/** The address that says this; what is as usual is left out. @param {Partial<Options>} options @param {string} base */
export function address(options, base) {
  const url = new URL("/overlay", base);
  for (const [name, value] of Object.entries(options)) {
    if (value === /** @type {any} */ (DEFAULTS)[name]) continue;
    url.searchParams.set(name === "leadMs" ? "lead_ms" : name, typeof value === "boolean" ? "1" : String(value));
  }
  return url.href;
}
