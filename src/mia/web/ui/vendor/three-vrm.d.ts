// Used through few names, without the engine's own types (scripts/vendor-entry.js).
export const AmbientLight: any;
export const Box3: any;
export const DirectionalLight: any;
export const Euler: any;
export const LoadingManager: any;
export const Object3D: any;
export const PerspectiveCamera: any;
export const Scene: any;
export const SRGBColorSpace: any;
export const TextureLoader: any;
export const Vector3: any;
export const WebGLRenderer: any;
export const GLTFLoader: any;
export const VRMLoaderPlugin: any;
export const VRMUtils: any;
