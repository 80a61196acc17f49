/**
 * @file A checkpoint of Frido's authors, a .ckpt of PyTorch Lightning with its YAML, becomes a folder that `openModel` reads. Nothing in it is run.
 * Sampling uses the average of the weights (EMA), as the official code does. Source: Frido, frido/modules/ema.py and scripts/sample_diffusion.py.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { readText } from "../core/files.js";
import { brief, type JsonObject } from "../core/json.js";
import { sizeOf } from "../core/tensor.js";
import { createSchedule } from "../diffusion/schedule.js";
import { msVqganConfig } from "../nets/ms-vqgan-config.js";
import { pyunetConfig } from "../nets/pyunet-config.js";
import { tokenTransformerConfig } from "../nets/token-transformer.js";
import { loadWordPiece } from "../text/word-piece.js";
import { copyTensors } from "../weights/copy-tensors.js";
import { readTensor, type TensorRef } from "../weights/safetensors.js";
import { openTorch } from "../weights/torch-file.js";
import { frido } from "./frido.js";
import { type FridoConfigs, fridoConfigs } from "./frido-yaml.js";
import { writeJson, writeNewFolder } from "./new-folder.js";
import { schedulerConfig } from "./scheduler-config.js";

/** Options of `convertFrido`. */
export interface ConvertFridoOptions {
  /** a file of the classes' names, one per line, in the order of their numbers; without it they are called by their numbers */
  readonly classes?: string;
  /** BERT's vocab.txt, for models that read text; without it the folder opens, and a text is refused */
  readonly vocabulary?: string;
  /** what to do with a checkpoint that the folder holds; default "refuse" */
  readonly existing?: "refuse" | "replace";
  /** stops the writing, and leaves nothing */
  readonly signal?: AbortSignal;
  /** called after each piece, with bytes */
  readonly progress?: (written: number, total: number) => void;
}

/** What was written. */
export interface ConvertedFrido {
  readonly dir: string;
  /** of the weight files */
  readonly bytes: number;
  /** numbers in them */
  readonly parameters: number;
  /** what the folder lacks, in sentences */
  readonly notices: readonly string[];
}

type Tensors = ReadonlyMap<string, TensorRef>;

/** Converts a checkpoint; see `convertFrido`. */
export async function convertFridoFiles(ckpt: string, yaml: string, dir: string, options: ConvertFridoOptions): Promise<ConvertedFrido> {
  const { existing = "refuse", signal, progress } = options;
  const configs = fridoConfigs(yaml);
  const { tensors } = openTorch(ckpt, { within: "state_dict" });
  const averaged = averageOf(ckpt, tensors);
  const weights = {
    unet: averaged.weights,
    first_stage: below(tensors, "first_stage_model.", (name) => !name.startsWith("loss.")),
    condition: below(tensors, "cond_stage_model.", (name) => !name.includes("to_logits.")), // a head that no one uses
  };
  const firstStage = {
    ...configs.firstStage,
    scale_factor: scaleFactors(ckpt, tensors, msVqganConfig(yaml, configs.firstStage).codes.length),
  };
  const tokens = withClasses(configs, options.classes);
  checkParts({ ckpt, yaml, weights, configs: { ...configs, firstStage }, tokens });
  checkSchedule(ckpt, yaml, tensors, configs.scheduler);
  checkVocabulary(yaml, configs, options.vocabulary);

  const all = Object.values(weights).flatMap((part) => [...part.values()]);
  const total = all.reduce((sum, { length }) => sum + length, 0);
  let written = 0;
  const wrote = (bytes: number) => {
    signal?.throwIfAborted();
    written += bytes;
    progress?.(written, total);
  };
  const target = await writeNewFolder(dir, { existing, bytes: total }, async (partial) => {
    const json: Readonly<Record<string, JsonObject>> = {
      "unet/config.json": configs.unet,
      "first_stage/config.json": firstStage,
      "condition/config.json": configs.condition,
      "condition/scene_tokens.json": tokens,
      "scheduler/scheduler_config.json": configs.scheduler,
    };
    for (const [path, content] of Object.entries(json)) await writeJson(join(partial, path), content);
    if (options.vocabulary !== undefined) copyFileSync(options.vocabulary, join(partial, "condition", "vocab.txt"));
    for (const [name, part] of Object.entries(weights)) await copyTensors(join(partial, name, "model.safetensors"), part, wrote);
    return { _class_name: "FridoPipeline" };
  });
  return {
    dir: target,
    bytes: total,
    parameters: all.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    notices: [...averaged.notices, ...missing(configs, options)],
  };
}

/** The tensors below a prefix, without it. */
const below = (tensors: Tensors, prefix: string, keep: (name: string) => boolean = () => true): Map<string, TensorRef> =>
  new Map(
    [...tensors].flatMap(([key, ref]): [string, TensorRef][] => {
      const name = key.slice(prefix.length);
      return key.startsWith(prefix) && keep(name) ? [[name, ref]] : [];
    }),
  );

const UNET = "diffusion_model.";

/** The U-Net's averaged weights under the names of the trained ones: the average's own names are these without their dots. */
function averageOf(ckpt: string, tensors: Tensors): { readonly weights: Tensors; readonly notices: readonly string[] } {
  const trained = below(tensors, `model.${UNET}`);
  const averages = below(tensors, "model_ema.", (name) => name !== "decay" && name !== "num_updates");
  if (averages.size === 0)
    return { weights: trained, notices: ["The checkpoint holds no average of the weights (model_ema); the trained ones were taken."] };
  const weights = new Map<string, TensorRef>();
  const taken = new Map<string, string>();
  for (const [name, ref] of trained) {
    const short = `${UNET}${name}`.replaceAll(".", "");
    const average = averages.get(short);
    const other = taken.get(short);
    if (!average || other !== undefined)
      throw new CheckpointError(ckpt, {
        expected: `model_ema.${short}, the average of model.${UNET}${name} alone`,
        found: average ? `also that of model.${UNET}${other}` : "no such tensor",
      });
    if (brief(average.shape) !== brief(ref.shape))
      throw new CheckpointError(ckpt, { expected: `model_ema.${short} ${brief(ref.shape)}`, found: brief(average.shape) });
    taken.set(short, name);
    weights.set(name, average);
  }
  return { weights, notices: [] };
}

/** What each scale is multiplied with, coarse first: the buffer `scale_factor`, one number for all scales in older checkpoints. */
function scaleFactors(ckpt: string, tensors: Tensors, scales: number): readonly number[] {
  const ref = tensors.get("scale_factor");
  const fits = ref && (ref.shape.length === 0 || (ref.shape.length === 1 && ref.shape[0] === scales));
  if (!fits) throw new CheckpointError(ckpt, { expected: `scale_factor [${scales}]`, found: ref ? brief(ref.shape) : "no such tensor" });
  const { data } = readTensor(ref);
  const wrong = data.find((x) => !(x >= 1e-6 && x <= 1e6));
  if (wrong !== undefined) throw new CheckpointError(ckpt, { expected: "scale_factor: numbers above 0", found: String(wrong) });
  return data.length === 1 ? Array.from({ length: scales }, () => data[0]) : [...data];
}

/** scene_tokens.json, with the names of the classes. Flags count from their number, so without it there are none. */
function withClasses({ tokens, classCount }: FridoConfigs, file: string | undefined): JsonObject {
  if (file === undefined) return "flags" in tokens ? { ...tokens, flags: [] } : tokens;
  if (tokens.builder === "caption")
    throw new CheckpointError(file, { expected: "no classes, since this model reads prompts", found: "some" });
  const classes = readText(file)
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
  const empty = classes.indexOf("");
  if (empty >= 0) throw new CheckpointError(file, { expected: "a name in every line", found: `line ${empty + 1} empty` });
  if (classCount !== undefined && classes.length !== classCount)
    throw new CheckpointError(file, { expected: `${classCount} classes, no_object_classes of the YAML`, found: `${classes.length}` });
  return { ...tokens, classes };
}

interface Checked {
  readonly ckpt: string;
  readonly yaml: string;
  readonly weights: Readonly<Record<"unet" | "first_stage" | "condition", Tensors>>;
  readonly configs: FridoConfigs;
  readonly tokens: JsonObject;
}

/** Refuses what the written folder would be refused for. */
function checkParts({ ckpt, yaml, weights, configs, tokens }: Checked): void {
  const part = <Config>(name: keyof typeof weights, config: Config) => ({ file: ckpt, weights: weights[name], config });
  const parts = {
    unet: part("unet", pyunetConfig(yaml, configs.unet)),
    first_stage: part("first_stage", msVqganConfig(yaml, configs.firstStage)),
    condition: { ...part("condition", tokenTransformerConfig(yaml, configs.condition)), tokenFile: { file: yaml, json: tokens } },
    scheduler: schedulerConfig(yaml, configs.scheduler),
  };
  frido.check?.({ path: ckpt, has: () => true, part: (name) => parts[name] });
}

/** The checkpoint keeps its schedule: a YAML of another one is refused. */
function checkSchedule(ckpt: string, yaml: string, tensors: Tensors, json: JsonObject): void {
  const ref = tensors.get("alphas_cumprod");
  if (!ref) return;
  const { alphaBar } = createSchedule(schedulerConfig(yaml, json));
  const fits = ref.shape.length === 1 && ref.shape[0] === alphaBar.length;
  const stored = fits ? readTensor(ref).data : undefined;
  const wrong = stored ? stored.findIndex((a, t) => !(Math.abs(a - alphaBar[t]) <= 1e-6)) : 0;
  if (wrong >= 0)
    throw new CheckpointError(ckpt, {
      expected: `alphas_cumprod [${alphaBar.length}] of linear_start, linear_end and timesteps in ${yaml}`,
      found: stored ? `${stored[wrong]} instead of ${alphaBar[wrong]} at timestep ${wrong}` : brief(ref.shape),
    });
}

function checkVocabulary(yaml: string, { tokens, condition }: FridoConfigs, file: string | undefined): void {
  if (file === undefined) return;
  if ("max_objects" in tokens) throw new CheckpointError(file, { expected: "no vocabulary, since this model reads no text", found: "one" });
  const { vocabSize } = loadWordPiece(file);
  const { vocabulary } = tokenTransformerConfig(yaml, condition);
  if (vocabSize > vocabulary)
    throw new CheckpointError(file, { expected: `at most ${vocabulary} tokens, vocab_size`, found: `${vocabSize}` });
}

function missing({ tokens }: FridoConfigs, { classes, vocabulary }: ConvertFridoOptions): string[] {
  if ("max_objects" in tokens)
    return classes === undefined
      ? ["The classes are called by their numbers; --classes FILE names them, one per line in the order of their numbers."]
      : [];
  return vocabulary === undefined
    ? ["Texts are refused until condition/ holds the vocab.txt of bert-base-uncased; --vocabulary FILE copies it."]
    : [];
}
