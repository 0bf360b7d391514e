// The puppet in other colours: every shade of a part keeps its distance from the part's own colour.

/** @typedef {"hair"|"eyes"|"skin"|"clothes"|"accent"} Part */
/** @typedef {Partial<Record<Part, string>>} Colours #rrggbb by part */

/** The colour each part is known by, and the shades of it in the drawing (img/puppet.svg, eye.js). @type {Record<Part, {own: string, shades: string[]}>} */
export const PARTS = {
  hair: {
    own: "#f7869f",
    shades: [
      ..."#ffb3bd #f7869f #c95f9d #ffa9b5 #fa91a6 #e5739e #8f62cf #d9638f #a4509c #5f4bb6 #5a2a6b".split(" "),
      ..."#3f3a96 #6b2f6f #7c3b86 #f0a3c4 #8e3b74 #ffc6cf #a63f6c #b0458a #b54a78 #ffd5d6 #a8466b".split(" "),
      "#ffd9d9",
    ],
  },
  eyes: {
    own: "#23aca6",
    shades: "#06384f #0f8c96 #3fd3bd #c4fff0 #083349 #e6fff7 #d9fff4 #04202f #031d2e".split(" "),
  },
  skin: {
    own: "#ffe3d3",
    shades: [
      ..."#fff1e6 #ffe3d3 #f8c4b4 #e9a596 #f9cdbc #c57f74 #c9776f #d8a194 #b86d68 #e79a93".split(" "),
      ..."#f3ab9c #e58f85 #dd8f86 #a85a63".split(" "),
    ],
  },
  clothes: {
    own: "#3c3f74",
    shades: "#3c3f74 #232446 #4a4e8c #2c2e5a #1d1e3d #191a35 #15162e #8388cc".split(" "),
  },
  accent: { own: "#6fe7d2", shades: ["#6fe7d2", "#2b9c8b"] },
};

/** Where a drawing keeps its colours. */
const PLACES = ["fill", "stroke", "stop-color"];

/** Colours each part looks well in, its own first. @type {Record<Part, string[]>} */
export const SWATCHES = {
  hair: ["#f7869f", "#2f2a3a", "#7a4a2e", "#e9c07a", "#d9dbe8", "#5b8def", "#9a6bea", "#d8433f", "#4fb38a"],
  eyes: ["#23aca6", "#3f7fd9", "#8a5ad1", "#b06a2c", "#4d9a45", "#d0445f", "#e0a726", "#6b7080"],
  skin: ["#ffe3d3", "#fbd3b4", "#eab68f", "#cf9166", "#a4683f", "#7a4a2d"],
  clothes: ["#3c3f74", "#26262e", "#7a2f45", "#2f5d4c", "#2f5f8a", "#6c4a86", "#b9a9c9", "#c46a3a"],
  accent: ["#6fe7d2", "#ff8fa6", "#ffd166", "#8fb8ff", "#c9a2ff", "#9be36d", "#ff6b57"],
};

/** @param {string} colour #rrggbb @returns {[number, number, number]} hue in turns, saturation, lightness: 0 … 1 */
function parted(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  const light = (most + least) / 2;
  const range = most - least;
  if (range === 0) return [0, 0, light];
  const hue = most === r ? (g - b) / range : most === g ? (b - r) / range + 2 : (r - g) / range + 4;
  return [hue / 6, range / (1 - Math.abs(2 * light - 1)), light];
}

/** @param {number} hue @param {number} saturation @param {number} light */
function joined(hue, saturation, light) {
  const reach = saturation * Math.min(light, 1 - light);
  const one = (/** @type {number} */ n) => {
    const at = (((n + hue * 12) % 12) + 12) % 12;
    const value = light - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${one(0)}${one(8)}${one(4)}`;
}

/**
 * A shade of a part when the part has another colour. The part's own becomes the wished one, black
 * stays black and white white.
 * @param {string} shade @param {string} own @param {string} wished
 */
export function shaded(shade, own, wished) {
  const [hue, saturation, light] = parted(shade);
  const [ownHue, ownSaturation, ownLight] = parted(own);
  const [newHue, newSaturation, newLight] = parted(wished);
  const dull = saturation * (ownSaturation ? newSaturation / ownSaturation : 1);
  const under = light <= ownLight;
  const lit = under ? (light * newLight) / ownLight : 1 - ((1 - light) * (1 - newLight)) / (1 - ownLight);
  return joined(hue + newHue - ownHue, Math.min(1, dull), lit);
}

/** Give a puppet's drawing these colours. @param {Element} svg as it was drawn @param {Colours} colours */
export function paint(svg, colours) {
  /** @type {Map<string, string>} */
  const painted = new Map();
  for (const [part, wished] of Object.entries(colours)) {
    const known = PARTS[/** @type {Part} */ (part)];
    if (!known || !/^#[0-9a-f]{6}$/.test(wished) || wished === known.own) continue;
    for (const shade of known.shades) painted.set(shade, shaded(shade, known.own, wished));
  }
  if (painted.size === 0) return;
  for (const element of svg.querySelectorAll(PLACES.map((place) => `[${place}]`).join(","))) {
    for (const place of PLACES) {
      const shade = painted.get(element.getAttribute(place) ?? "");
      if (shade) element.setAttribute(place, shade);
    }
  }
}
