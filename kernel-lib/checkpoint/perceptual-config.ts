/** @file perceptual/config.json: which network measures likeness beside a checkpoint. Our own file; diffusers has none. */
import { fieldsOf } from "./fields.js";
import type { JsonObject } from "./json.js";

/** The perceptual network beside a checkpoint: LPIPS over one of its backbones, or over a small one ("tiny"). */
export interface PerceptualConfig {
  readonly net: "vgg" | "alex" | "squeeze" | "tiny";
  /** Added to a feature's norm before dividing by it. */
  readonly epsilon: number;
  /** Channels of the levels, for "tiny" alone. */
  readonly channels?: readonly number[];
  /** SyncDiffusion's recommended weight with this checkpoint. */
  readonly weight?: number;
}

/** @throws CheckpointError naming the key. */
export function perceptualConfig(file: string, json: JsonObject): PerceptualConfig {
  const f = fieldsOf(file, json);
  f.oneOf("_class_name", ["PerceptualNetwork"]);
  const net = f.oneOf("net", ["vgg", "alex", "squeeze", "tiny"]);
  if (net !== "tiny" && f.has("channels")) f.refuse("channels", `nothing with net "${net}"`, f.get("channels"));
  return {
    net,
    epsilon: f.real("epsilon", PERCEPTUAL_EPSILON, { min: 0, max: 1 }),
    ...(net === "tiny" ? { channels: f.wholes("channels") } : {}),
    ...(f.has("weight") ? { weight: f.real("weight", undefined, { min: 0, max: 1e6 }) } : {}),
  };
}

/** LPIPS's own (lpips/__init__.py, normalize_tensor). */
export const PERCEPTUAL_EPSILON = 1e-10;
