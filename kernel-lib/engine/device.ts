/** @file The devices, by name. Nothing here loads ONNX Runtime. */

/** Where networks run. */
export type Device = "cpu" | "cuda" | "webgpu";

/** What a user may ask for; "auto" takes the best device that is there. */
export type DeviceChoice = "auto" | Device;

/** Every device that a user may ask for. */
export const DEVICE_CHOICES: readonly DeviceChoice[] = ["auto", "cpu", "cuda", "webgpu"];
