// The user's own model (VRM 0 or 1), drawn by three-vrm and moved by the same frames as the puppet.
// Loaded only when there is one to show.

import * as engine from "../../vendor/three-vrm.js";
import { clamp } from "../face/frame.js";
import { ModelError } from "./check.js";

/** @typedef {import("../face/frame.js").Frame} Frame */

/** VRM's names for what MIA calls otherwise; weights below 1, as most models smile too much. @type {Record<string, [string, number]>} */
const EXPRESSIONS = {
  joy: ["happy", 0.85],
  sad: ["sad", 0.85],
  angry: ["angry", 0.85],
  surprised: ["surprised", 0.9],
  shy: ["relaxed", 0.8],
  thinking: ["relaxed", 0.25],
};
/** @type {Record<import("../face/frame.js").Vowel, string>} */
const VOWELS = { a: "aa", e: "ee", i: "ih", o: "oh", u: "ou" };
/** Degrees eyes turn at most: to the side, up or down. */
const EYES = { side: 24, up: 16 };
/** How far the upper arms hang from the model's T-pose (radians). */
const ARMS = 1.22;
const RADIANS = Math.PI / 180;

export class Model {
  /**
   * Put a model into `container`. Raises ModelError.
   * @param {HTMLElement} container @param {ArrayBuffer} file checked by `check`
   * @param {Record<string, string>} [expressions] the model's own for one of MIA's; "" shows nothing
   */
  static async load(container, file, expressions = {}) {
    let renderer;
    try {
      renderer = new engine.WebGLRenderer({ alpha: true, antialias: true, powerPreference: "high-performance" });
    } catch {
      throw new ModelError("webgl");
    }
    try {
      return new Model(container, renderer, await parse(file), expressions);
    } catch (error) {
      renderer.dispose();
      throw error;
    }
  }

  /** @param {HTMLElement} container @param {any} renderer @param {any} vrm @param {Record<string, string>} expressions */
  constructor(container, renderer, vrm, expressions) {
    this.renderer = renderer;
    this.expressions = expressions;
    this.vrm = vrm;
    this.canvas = /** @type {HTMLCanvasElement} */ (renderer.domElement);
    this.canvas.className = "model";
    // VRM 0 looks the other way, and so turn its bones.
    this.facing = vrm.meta?.metaVersion === "0" ? -1 : 1;
    engine.VRMUtils.rotateVRM0(vrm);
    /** Set when the last picture is done. @type {any} */
    this.fence = null;
    this.drawn = 0;
    this.scene = new engine.Scene();
    this.scene.add(vrm.scene, new engine.AmbientLight(0xffffff, 1.6));
    const light = new engine.DirectionalLight(0xffffff, 1.7);
    light.position.set(0.6, 1.4, 2);
    this.scene.add(light);
    this.camera = new engine.PerspectiveCamera(24, 1, 0.05, 50);
    renderer.setClearColor(0x000000, 0);
    container.append(this.canvas);
    this.tall = 1;
    this.centre = new engine.Vector3();
    this.relax();
    this.look();
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(container);
    this.fit();
  }

  dispose() {
    this.resized.disconnect();
    this.canvas.remove();
    engine.VRMUtils.deepDispose(this.vrm.scene);
    this.renderer.dispose();
  }

  /** @param {string} name */
  bone(name) {
    return this.vrm.humanoid?.getNormalizedBoneNode(name) ?? null;
  }

  /** Arms down: nobody stands in a T-pose. */
  relax() {
    for (const [name, side] of /** @type {[string, number][]} */ ([
      ["left", -1],
      ["right", 1],
    ])) {
      const upper = this.bone(`${name}UpperArm`);
      if (upper) upper.rotation.z = side * ARMS * this.facing;
      const lower = this.bone(`${name}LowerArm`);
      if (lower) lower.rotation.z = side * 0.12 * this.facing;
    }
    this.vrm.update(0);
  }

  /** Head and shoulders in the picture, whatever the model's size. */
  look() {
    this.vrm.scene.updateMatrixWorld(true);
    const place = (/** @type {string} */ name) =>
      this.vrm.humanoid?.getRawBoneNode(name)?.getWorldPosition(new engine.Vector3());
    const head = place("head") ?? new engine.Vector3(0, 1.4, 0);
    const hips = place("hips");
    // From hips to head is about six tenths of what is shown.
    this.tall = clamp(hips ? (head.y - hips.y) * 1.55 : 1, 0.05, 100);
    this.centre = new engine.Vector3(head.x, head.y - this.tall * 0.13, head.z);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement ?? this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    const { camera, centre, tall } = this;
    camera.aspect = width / height;
    const narrow = Math.max(1, 0.8 / camera.aspect);
    const distance = (tall * narrow) / 2 / Math.tan((camera.fov / 2) * RADIANS);
    camera.position.set(centre.x, centre.y, centre.z + distance);
    camera.near = distance / 50;
    camera.far = distance * 20;
    camera.lookAt(centre);
    camera.updateProjectionMatrix();
  }

  /** The names of the expressions it has. @returns {string[]} */
  get names() {
    return Object.keys(this.vrm.expressionManager?.expressionMap ?? {});
  }

  /** What of the model shows an expression, and how much of it at most. @param {string} name @returns {[string, number]} */
  shownBy(name) {
    const chosen = this.expressions[name];
    if (chosen === undefined) return EXPRESSIONS[name] ?? [name, 1];
    // Makers are not consistent with capitals, nor are those who type.
    const found = this.names.find((one) => one.toLowerCase() === chosen.toLowerCase());
    return [found ?? chosen, 1];
  }

  /** @param {number} dt seconds since the frame before @param {Frame} frame */
  show(dt, frame) {
    const { vrm, facing } = this;
    const faces = vrm.expressionManager;
    if (faces) {
      for (const [vowel, name] of Object.entries(VOWELS))
        faces.setValue(name, frame.vowels[/** @type {import("../face/frame.js").Vowel} */ (vowel)]);
      /** @type {Record<string, number>} */
      const weights = { happy: 0, sad: 0, angry: 0, surprised: 0, relaxed: 0 };
      for (const [name, weight] of Object.entries(frame.expressions)) {
        const [theirs, most] = this.shownBy(name);
        if (theirs in weights || faces.getExpression(theirs))
          weights[theirs] = Math.min(1, (weights[theirs] ?? 0) + weight * most);
      }
      for (const [name, weight] of Object.entries(weights)) faces.setValue(name, weight);
      faces.setValue("blinkLeft", clamp(1 - frame.eyeOpenLeft, 0, 1));
      faces.setValue("blinkRight", clamp(1 - frame.eyeOpenRight, 0, 1));
    }
    if (vrm.lookAt) {
      vrm.lookAt.autoUpdate = false;
      vrm.lookAt.yaw = -frame.gazeX * EYES.side;
      vrm.lookAt.pitch = -frame.gazeY * EYES.up;
      vrm.lookAt.applier?.applyYawPitch(vrm.lookAt.yaw, vrm.lookAt.pitch);
    }
    this.turn("head", 0.6, frame);
    this.turn("neck", 0.4, frame);
    const chest = this.bone("chest") ?? this.bone("spine");
    if (chest) chest.rotation.x = -0.035 * frame.breath * facing;
    vrm.update(dt);
    this.draw();
  }

  /** Draw, unless the picture before is still being drawn: without a graphics card a queue would grow. */
  draw() {
    const gl = this.renderer.getContext();
    if (this.fence && gl.getSyncParameter(this.fence, gl.SYNC_STATUS) !== gl.SIGNALED) return;
    if (this.fence) gl.deleteSync(this.fence);
    this.renderer.render(this.scene, this.camera);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    this.drawn++;
  }

  /** @param {string} name @param {number} share of the head's turn @param {Frame} frame */
  turn(name, share, { headYaw, headPitch, headRoll }) {
    const angle = share * RADIANS;
    const { facing } = this;
    this.bone(name)?.rotation.set(-headPitch * angle * facing, -headYaw * angle, headRoll * angle * facing, "YXZ");
  }
}

/** @param {ArrayBuffer} file @returns {Promise<any>} */
async function parse(file) {
  const manager = new engine.LoadingManager();
  // Everything is in the file: nothing is ever fetched.
  manager.setURLModifier((/** @type {string} */ url) => {
    if (!url.startsWith("blob:")) throw new ModelError("external");
    return url;
  });
  const loader = new engine.GLTFLoader(manager);
  loader.register((/** @type {any} */ parser) => {
    // The loader's own choice reads pictures with fetch, which the page's policy keeps to this server.
    parser.textureLoader = new engine.TextureLoader(manager);
    return { name: "MIA_pictures" };
  });
  loader.register((/** @type {any} */ parser) => new engine.VRMLoaderPlugin(parser));
  let gltf;
  try {
    gltf = await loader.parseAsync(file, "");
  } catch (error) {
    throw error instanceof ModelError ? error : new ModelError("broken");
  }
  const { vrm } = gltf.userData;
  if (!vrm?.humanoid) throw new ModelError("not_vrm");
  engine.VRMUtils.removeUnnecessaryVertices(gltf.scene);
  for (const node of [vrm.scene]) node.traverse((/** @type {any} */ object) => (object.frustumCulled = false));
  return vrm;
}
