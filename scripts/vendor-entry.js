// What js/vrm/ needs of three.js and three-vrm, and nothing else (scripts/vendor.sh).
export {
  AmbientLight,
  Box3,
  DirectionalLight,
  Euler,
  LoadingManager,
  Object3D,
  PerspectiveCamera,
  Scene,
  SRGBColorSpace,
  TextureLoader,
  Vector3,
  WebGLRenderer,
} from "three";
export { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
export { VRMLoaderPlugin, VRMUtils } from "@pixiv/three-vrm";
