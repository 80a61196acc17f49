/** @file What the package exports of conditions of panoramas: regions, and the control of runs by ControlNets. */
export type { ControlMode, NoiseControl } from "../diffusion/capabilities.js";
export { type CannyOptions, canny } from "./canny.js";
export type { ControlOptions, ResolvedControl } from "./control.js";
export { type HorizonOptions, horizon, horizonOf } from "./horizon.js";
export { readMask } from "./mask-file.js";
export { type QrCodeOptions, qrCode } from "./qr-code.js";
export type { Region } from "./regions.js";
export { type Segment, segments } from "./segments.js";
export { silhouette, silhouetteOf } from "./silhouette.js";
