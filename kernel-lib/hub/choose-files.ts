/** @file Which files of a repository are needed: configs, tokenizer, and of each network the weights in one precision. */
import { CheckpointError } from "../core/errors.js";
import type { Precision } from "./manifest.js";

/** The parts of a folder of diffusers that are read, with the files of those that are no networks. */
const NETWORKS = ["unet", "vae", "vqvae", "text_encoder"] as const;
const OTHERS = /^(scheduler\/\w+\.json|tokenizer\/([\w]+\.json|merges\.txt|vocab\.txt))$/;
const WEIGHTS = ["diffusion_pytorch_model", "model"] as const;
/** Variants in the order of preference, as folders are opened. */
const VARIANTS: Readonly<Record<Precision, readonly string[]>> = {
  fp32: ["", ".fp16", ".bf16", ".non_ema"],
  fp16: [".fp16", "", ".bf16", ".non_ema"],
};
/** Files that may be a model of their own, the better first. */
const SINGLE = [/\.safetensors$/, /\.(ckpt|pt|bin|pth)$/] as const;
const CARD = "README.md";
/** Beside a LoRA of peft's: it says the factor. */
const LORA_CONFIG = "adapter_config.json";

/**
 * The files that a pull brings: of a folder of diffusers the parts that Veduta reads; of a ControlNet's its config and weights; else the only file of weights.
 * The model card comes with them.
 * @param all paths in the repository
 * @param only one of them, where it is asked for
 * @throws CheckpointError where a network has no safetensors, where nothing is known, and where several files may be meant
 */
export function chooseFiles(id: string, all: readonly string[], precision: Precision, only?: string): readonly string[] {
  const card = all.filter((path) => path === CARD);
  if (only !== undefined) {
    if (all.includes(only)) return [only, ...card];
    throw new CheckpointError(id, { expected: `the file ${only}`, found: shown(all) });
  }
  if (all.includes("model_index.json")) {
    const networks = NETWORKS.filter((part) => all.some((path) => path.startsWith(`${part}/`)));
    const weights = networks.flatMap((part) => [`${part}/config.json`, ...weightsOf(id, `${part}/`, all, precision)]);
    return ["model_index.json", ...all.filter((path) => OTHERS.test(path)), ...weights.filter((path) => all.includes(path)), ...card];
  }
  const top = all.filter((path) => !path.includes("/"));
  if (top.includes("config.json") && top.some((path) => path.startsWith(WEIGHTS[0])))
    return ["config.json", ...weightsOf(id, "", all, precision), ...card];
  for (const pattern of SINGLE) {
    const found = top.filter((path) => pattern.test(path));
    if (found.length === 1) return [...found, ...top.filter((path) => path === LORA_CONFIG), ...card];
    if (found.length > 1)
      throw new CheckpointError(id, {
        expected: "a folder of diffusers, or one file of weights",
        found: shown(found),
        fix: `say which: --file ${found[0]}`,
      });
  }
  throw new CheckpointError(id, { expected: "a folder of diffusers, or one file of weights", found: shown(all) });
}

/** The weights of a network: one file, or an index and its shards. */
function weightsOf(id: string, folder: string, all: readonly string[], precision: Precision): readonly string[] {
  const there = all.flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])).filter((path) => !path.includes("/"));
  for (const variant of VARIANTS[precision])
    for (const name of WEIGHTS) {
      const whole = `${name}${variant}.safetensors`;
      if (there.includes(whole)) return [folder + whole];
      const index = there.find((path) => isIndex(path, name, variant));
      if (index === undefined) continue;
      const shard = new RegExp(`^${name}(${escaped(variant)})?-\\d{5}-of-\\d{5}(${escaped(variant)})?\\.safetensors$`);
      const shards = there.filter((path) => shard.test(path) && path.includes(variant));
      return [index, ...shards].map((path) => folder + path);
    }
  throw new CheckpointError(id, {
    expected: `weights of ${folder || "the network"} in safetensors files`,
    found: shown(there),
    fix: "look for a revision or another repository that has them (a variant such as fp16, a pull request by the hub's converter: @refs/pr/N)",
  });
}

/** transformers and diffusers put a variant's name into the index's at different places. */
const isIndex = (path: string, name: string, variant: string): boolean =>
  [
    `${name}.safetensors.index${variant}.json`,
    `${name}.safetensors${variant}.index.json`,
    `${name}${variant}.safetensors.index.json`,
  ].includes(path);

const escaped = (text: string): string => text.replaceAll(".", "\\.");
const shown = (paths: readonly string[]): string => [...paths].sort().slice(0, 8).join(", ") || "no files";
