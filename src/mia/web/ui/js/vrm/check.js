// A look into a stranger's file before it is drawn: whether it is a VRM that is whole, all in one
// file, and small enough. Refuses what would make the engine wait, crash or ask another host.

/** Bytes, points of all meshes, pixels of a texture's side and of all textures, entries of any list. */
const MOST = { bytes: 128 * 1024 * 1024, points: 2_000_000, side: 8192, pixels: 192_000_000, entries: 20_000 };
const DEEPEST = 256;
const BYTES_OF = /** @type {Record<number, number>} */ ({ 5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4 });
const PARTS_OF = /** @type {Record<string, number>} */ ({
  SCALAR: 1,
  VEC2: 2,
  VEC3: 3,
  VEC4: 4,
  MAT2: 4,
  MAT3: 9,
  MAT4: 16,
});
/** What a file may insist on. */
const KNOWN =
  /^(VRM|VRMC_\w+|KHR_materials_\w+|KHR_texture_transform|KHR_mesh_quantization|KHR_lights_punctual|EXT_texture_webp)$/;

/** @typedef {"not_vrm"|"broken"|"external"|"too_big"|"unsupported"|"webgl"|"none"} Problem */

/** Why a model is not worn; `page.model.PROBLEM` says it to the user. */
export class ModelError extends Error {
  /** @param {Problem} problem @param {string} [what] */
  constructor(problem, what = "") {
    super(`${problem} ${what}`);
    this.problem = problem;
    this.what = what;
  }
}

/** @param {boolean} held @param {Problem} problem @param {string} [what] */
function demand(held, problem, what) {
  if (!held) throw new ModelError(problem, what);
}

/** @param {unknown} value @returns {value is number} a whole number that can be a place or a count */
const natural = (value) => typeof value === "number" && Number.isInteger(value) && value >= 0;

/** The file's two parts. @param {ArrayBuffer} file @returns {{document: any, body: DataView}} */
function parts(file) {
  demand(file.byteLength <= MOST.bytes, "too_big");
  const view = new DataView(file);
  demand(file.byteLength >= 20 && view.getUint32(0, true) === 0x46546c67 && view.getUint32(4, true) === 2, "not_vrm");
  demand(view.getUint32(8, true) === file.byteLength, "broken");
  const size = view.getUint32(12, true);
  demand(view.getUint32(16, true) === 0x4e4f534a && 20 + size <= file.byteLength, "broken");
  let document;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(file, 20, size)));
  } catch {
    throw new ModelError("broken");
  }
  demand(document !== null && typeof document === "object" && !Array.isArray(document), "broken");
  const next = 20 + size;
  if (next + 8 > file.byteLength) return { document, body: new DataView(file, file.byteLength) };
  const length = view.getUint32(next, true);
  demand(view.getUint32(next + 4, true) === 0x004e4942 && next + 8 + length <= file.byteLength, "broken");
  return { document, body: new DataView(file, next + 8, length) };
}

/** Every list is one, of objects, and not absurdly long. @param {any} document */
function lists(document) {
  for (const name of ["accessors", "buffers", "bufferViews", "images", "materials", "meshes", "nodes", "scenes"]) {
    const list = (document[name] ??= []);
    demand(Array.isArray(list) && list.every((one) => one !== null && typeof one === "object"), "broken");
    demand(list.length <= MOST.entries, "too_big");
  }
}

/** Nodes hang together as a tree, whose depth a stack can bear. @param {any[]} nodes */
function tree(nodes) {
  const parents = new Map();
  for (const [n, { children = [] }] of nodes.entries()) {
    demand(Array.isArray(children), "broken");
    for (const child of children) {
      demand(natural(child) && child < nodes.length && !parents.has(child), "broken");
      parents.set(child, n);
    }
  }
  for (let start = 0; start < nodes.length; start++) {
    let depth = 0;
    for (let at = start; parents.has(at); at = parents.get(at)) demand(++depth <= DEEPEST, "broken");
  }
}

/** Everything lies where there is something. @param {any} document @param {number} length */
function places(document, length) {
  for (const { buffer, byteOffset = 0, byteLength } of document.bufferViews) {
    demand(buffer === 0 && natural(byteOffset) && natural(byteLength) && byteOffset + byteLength <= length, "broken");
  }
  for (const { bufferView, byteOffset = 0, componentType, count, type, sparse } of document.accessors) {
    demand(natural(count), "broken");
    demand(count <= MOST.points * 3, "too_big");
    const size = (BYTES_OF[componentType] ?? 0) * (PARTS_OF[type] ?? 0);
    demand(size > 0 && natural(byteOffset), "broken");
    if (bufferView !== undefined) {
      const view = document.bufferViews[bufferView];
      demand(view !== undefined, "broken");
      const step = view.byteStride ?? size;
      demand(natural(step) && (count === 0 || byteOffset + (count - 1) * step + size <= view.byteLength), "broken");
    }
    if (sparse !== undefined) demand(natural(sparse?.count) && sparse.count <= count, "broken");
  }
}

/** @param {any} document */
function points(document) {
  let sum = 0;
  for (const { primitives = [] } of document.meshes) {
    demand(Array.isArray(primitives) && primitives.length <= MOST.entries, "broken");
    for (const { attributes, targets = [] } of primitives) {
      const at = document.accessors[attributes?.POSITION];
      demand(at !== undefined && Array.isArray(targets) && targets.length <= 1024, "broken");
      sum += at.count;
      demand(sum <= MOST.points, "too_big");
    }
  }
}

/** Width and height of a PNG or JPEG, null for other kinds. @param {DataView} image */
function sides(image) {
  const at = (/** @type {number} */ n) => (n + 2 <= image.byteLength ? image.getUint16(n) : 0);
  if (image.byteLength >= 24 && image.getUint32(0) === 0x89504e47) return [image.getUint32(16), image.getUint32(20)];
  if (at(0) !== 0xffd8) return null;
  for (let n = 2; n + 9 < image.byteLength; n += 2 + at(n + 2)) {
    const mark = at(n);
    if (mark < 0xff00 || at(n + 2) < 2) return null;
    if (mark >= 0xffc0 && mark <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(mark)) return [at(n + 7), at(n + 5)];
  }
  return null;
}

/** Textures are pictures of a sensible size, before anything unpacks them. @param {any} document @param {DataView} body */
function pictures(document, body) {
  let sum = 0;
  for (const { bufferView, mimeType } of document.images) {
    const view = document.bufferViews[bufferView];
    demand(view !== undefined, "broken");
    demand(["image/png", "image/jpeg", "image/webp"].includes(mimeType), "unsupported", String(mimeType).slice(0, 40));
    const found = sides(new DataView(body.buffer, body.byteOffset + (view.byteOffset ?? 0), view.byteLength));
    demand(found !== null || mimeType === "image/webp", "broken");
    const [width, height] = found ?? [MOST.side / 2, MOST.side / 2];
    sum += width * height;
    demand(width <= MOST.side && height <= MOST.side && sum <= MOST.pixels, "too_big");
  }
}

/** Raises ModelError unless this can be drawn without regret. @param {ArrayBuffer} file */
export function check(file) {
  const { document, body } = parts(file);
  const { extensions } = document;
  demand(
    extensions !== null && typeof extensions === "object" && ("VRM" in extensions || "VRMC_vrm" in extensions),
    "not_vrm",
  );
  lists(document);
  demand(![...document.buffers, ...document.images].some((one) => "uri" in one), "external");
  demand(document.buffers.length <= 1, "external");
  const wanted = document.extensionsRequired ?? [];
  demand(Array.isArray(wanted), "broken");
  for (const name of wanted) demand(KNOWN.test(name), "unsupported", String(name).slice(0, 60));
  tree(document.nodes);
  places(document, body.byteLength);
  points(document);
  pictures(document, body);
}
