/** @file What diffusers and peft write beside a LoRA's tensors: lora_alpha, and by what it is divided. */
import { dirname, join } from "node:path";
import { CheckpointError } from "../../core/errors.js";
import { fileExists } from "../../core/files.js";
import { anything, nullish, object, readForm, real, record, yesNo } from "../../core/forms.js";
import { type JsonObject, parseJson, readJson } from "../../core/json.js";
import type { LoraNetwork } from "./lora-keys.js";

const ALPHA = real({ min: -1e6, max: 1e6 });
const CONFIG = object({
  lora_alpha: nullish(ALPHA),
  alpha_pattern: nullish(record(ALPHA, "alphas by layer"), {}),
  use_dora: nullish(yesNo, false),
  use_rslora: nullish(yesNo, false),
  fan_in_fan_out: nullish(yesNo, false),
  modules_to_save: nullish(anything),
});

/** The factor of a layer's product, besides the user's scale: alpha / r, or alpha / √r with rank stabilisation (arXiv:2312.03732). */
export type LoraFactor = (network: LoraNetwork, layer: string, rank: number) => number;

/**
 * Reads `lora_adapter_metadata` (diffusers, since 0.34) or adapter_config.json beside a file of peft's own; without either the factor is 1, as in diffusers.
 * @throws CheckpointError for DoRA, and what else changes the meaning of the tensors
 */
export function factorOf(file: string, metadata: Readonly<Record<string, string>>, keys: readonly string[]): LoraFactor {
  const beside = join(dirname(file), "adapter_config.json");
  const ownOfPeft = keys.some((key) => key.startsWith("base_model.model.")) && fileExists(beside);
  const written = metadata.lora_adapter_metadata;
  const place = written !== undefined ? `${file}, lora_adapter_metadata` : beside;
  const all = written !== undefined ? parseJson(place, written) : ownOfPeft ? readJson(beside) : {};
  const configs = { unet: configOf(place, all, "unet."), text_encoder: configOf(place, all, "text_encoder.") };
  const plain = configOf(place, all, "");
  return (network, layer, rank) => {
    const { lora_alpha: alpha, alpha_pattern: pattern, use_rslora: stabilised } = configs[network].some ? configs[network] : plain;
    const own = Object.entries(pattern).find(([name]) => layer === name || layer.endsWith(`.${name}`))?.[1] ?? alpha;
    if (own === null || own === undefined) return 1;
    return own / (stabilised ? Math.sqrt(rank) : rank);
  };
}

/** The config of one network: the entries whose names begin with its prefix. */
function configOf(place: string, json: JsonObject, prefix: string) {
  const own = Object.fromEntries(
    Object.entries(json).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  );
  const config = readForm(place, CONFIG, own);
  const wrong = config.use_dora ? "use_dora: true (DoRA)" : config.fan_in_fan_out ? "fan_in_fan_out: true" : undefined;
  if (wrong !== undefined) throw new CheckpointError(place, { expected: "a plain LoRA", found: `${wrong}, which is not supported` });
  return { ...config, some: Object.keys(own).length > 0 };
}
