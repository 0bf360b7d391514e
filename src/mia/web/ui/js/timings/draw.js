// The drawings of the timings page, in plain SVG: a turn's waterfall, and the answers over time.

/** @typedef {{stage: string, begin: number, end: number}} Stretch */
/** @typedef {{turn: string, text: string, typed: boolean, v2v_ms: number, hits: number, misses: number, underruns: number, evaluated: number|null, ago_s: number, stretches: Stretch[]}} Turn */

export const STAGES = ["hold", "stt", "memory", "llm_first", "llm_clause", "tts", "sound"];
const SPACE = "http://www.w3.org/2000/svg";

/** @param {string} name @param {Record<string, string|number>} [attributes] @param {...(Node|string)} children */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A round step for an axis of `span` with about `count` marks. @param {number} span @param {number} count */
export function step(span, count) {
  const rough = span / count;
  const ten = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= rough) ?? rough;
}

/**
 * One turn: a row for each stage, from the user's last voiced sample to MIA's first.
 * @param {Turn} turn @param {{begin: number, end: number}} span @param {(ms: number) => string} time
 */
export function waterfall(turn, span, time) {
  const stretches = STAGES.flatMap((stage) => turn.stretches.filter((one) => one.stage === stage));
  const [width, row] = [1000, 14];
  const height = Math.max(1, stretches.length) * row + 4;
  const x = (/** @type {number} */ ms) => ((ms - span.begin) / (span.end - span.begin)) * width;
  const drawing = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
    class: "waterfall",
    "aria-hidden": "true",
  });
  drawing.style.height = `${height}px`;
  for (const mark of [0, turn.v2v_ms])
    drawing.append(svg("line", { x1: x(mark), x2: x(mark), y1: 0, y2: height, class: "mark" }));
  stretches.forEach(({ stage, begin, end }, n) => {
    const bar = svg("rect", {
      x: x(begin),
      y: n * row + 4,
      width: Math.max(3, x(end) - x(begin)),
      height: row - 5,
      rx: 3,
      class: `stage ${stage}`,
    });
    bar.append(svg("title", {}, time(end - begin)));
    drawing.append(bar);
  });
  return drawing;
}

/** The span all waterfalls share, so that they can be compared. @param {Turn[]} turns */
export function spanOf(turns) {
  const begins = turns.flatMap(({ stretches }) => stretches.map(({ begin }) => begin));
  const begin = Math.min(0, ...begins);
  return { begin, end: Math.max(200, ...turns.map(({ v2v_ms }) => v2v_ms)) * 1.02 };
}

/** The share of `values` that is not above the result; nearest rank. @param {number[]} values @param {number} share */
export function percentile(values, share) {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? 0;
}

const WINDOW = 20;

/**
 * Every answer as a dot, with the p50 and p95 of the last twenty at each.
 * @param {Turn[]} turns oldest first @param {(ms: number) => string} time
 */
export function overTime(turns, time) {
  const [width, height, left, bottom] = [1000, 240, 96, 24];
  const values = turns.map(({ v2v_ms }) => v2v_ms);
  const most = Math.max(1000, ...values) * 1.08;
  const x = (/** @type {number} */ n) => left + ((n + 0.5) / turns.length) * (width - left - 8);
  const y = (/** @type {number} */ ms) => (height - bottom) * (1 - ms / most) + 4;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "over-time", "aria-hidden": "true" });
  const by = step(most, 4);
  for (let ms = 0; ms < most; ms += by) {
    drawing.append(svg("line", { x1: left, x2: width - 8, y1: y(ms), y2: y(ms), class: "grid" }));
    drawing.append(svg("text", { x: left - 8, y: y(ms) + 5, class: "axis", "text-anchor": "end" }, time(ms)));
  }
  for (const [share, name] of /** @type {[number, string][]} */ ([
    [0.95, "p95"],
    [0.5, "p50"],
  ])) {
    const points = turns.map((_, n) => {
      const near = values.slice(Math.max(0, n - WINDOW + 1), n + 1);
      return `${x(n).toFixed(1)},${y(percentile(near, share)).toFixed(1)}`;
    });
    if (points.length > 1) drawing.append(svg("polyline", { points: points.join(" "), class: `line ${name}` }));
  }
  turns.forEach((turn, n) => {
    const dot = svg("circle", {
      cx: x(n).toFixed(1),
      cy: y(turn.v2v_ms).toFixed(1),
      r: 4,
      class: turn.typed ? "dot-typed" : "dot-spoken",
    });
    dot.append(svg("title", {}, `${turn.text} · ${time(turn.v2v_ms)}`));
    drawing.append(dot);
  });
  return drawing;
}
