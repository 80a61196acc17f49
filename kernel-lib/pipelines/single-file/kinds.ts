/** @file What a single file is, by its keys. One line a kind; the first that fits counts. */
import { CheckpointError } from "../../core/errors.js";
import { brief } from "../../core/json.js";
import type { TensorRef } from "../../weights/safetensors.js";
import type { Generation } from "./configs.js";
import type { SingleFile } from "./mapped-weights.js";
import { PREFIX } from "./original-keys.js";

type Tensors = ReadonlyMap<string, TensorRef>;

/** A kind of file, and how its keys show it. */
interface FileKind {
  readonly name: string;
  readonly is: (tensors: Tensors) => boolean;
  /** what to do with one that is not supported */
  readonly fix?: string;
  /** of a kind that is supported */
  readonly generation?: Generation;
}

const some = (pattern: RegExp) => (tensors: Tensors) => [...tensors.keys()].some((key) => pattern.test(key));
const UNET = `${PREFIX.unet}input_blocks.0.0.weight`;
const takes = (channels: number) => (tensors: Tensors) => tensors.has(UNET) && tensors.get(UNET)?.shape[1] === channels;
const FOLDER = "give the folder that holds model_index.json, or the whole checkpoint's file";
const hasUnet = (tensors: Tensors) => tensors.has(UNET);
const CLIP = some(/^cond_stage_model\.transformer\./);
const OPEN_CLIP = some(/^cond_stage_model\.model\./);

/** Which generation the text encoder, or where it is missing the width of the text embedding, shows. */
const generationIs = (wanted: Generation) => (tensors: Tensors) => {
  const width = tensors.get(`${PREFIX.unet}middle_block.1.transformer_blocks.0.attn2.to_k.weight`)?.shape[1];
  return (OPEN_CLIP(tensors) || (!CLIP(tensors) && width === 1024) ? 2 : 1) === wanted;
};

const KINDS: readonly FileKind[] = [
  {
    name: "a LoRA",
    is: some(/^lora_(unet|te\d?)_|[._]lora(_|\.)(A|B|up|down|mid)\.|\.(lora_magnitude_vector|hada_w1_a|lokr_w1|oft_blocks)/),
    fix: "give the checkpoint that it was trained for, and this file as --lora",
  },
  {
    name: "a textual inversion",
    is: (tensors) => tensors.has("emb_params") || (tensors.size <= 2 && some(/^<.+>$|^clip_[lg]$/)(tensors)),
    fix: "give the checkpoint that it was trained for, and this file as --embedding",
  },
  {
    name: "a ControlNet",
    is: some(/^control_model\.|controlnet_cond_embedding\.|^input_hint_block\./),
    fix: "give the checkpoint that it was trained for, and this file as --control-net",
  },
  { name: "a motion module (AnimateDiff)", is: some(/motion_modules\./) },
  { name: "Stable Diffusion 3", is: some(/(^|\.)joint_blocks\.0\./) },
  { name: "Flux", is: some(/(^|\.)double_blocks\.0\./) },
  { name: "Stable Diffusion XL", is: some(/^conditioner\.embedders\.1\./) },
  { name: "the refiner of Stable Diffusion XL", is: some(/^conditioner\.embedders\.0\./) },
  { name: "Stable Diffusion 2 unCLIP", is: (tensors) => hasUnet(tensors) && OPEN_CLIP(tensors) && some(/\.label_emb\./)(tensors) },
  { name: "a U-Net of Stable Diffusion XL", is: (tensors) => hasUnet(tensors) && some(/\.label_emb\./)(tensors) },
  { name: "the 4× upscaler of Stable Diffusion", is: takes(7) },
  { name: "Stable Diffusion 2 with depth", is: takes(5) },
  { name: "InstructPix2Pix", is: takes(8) },
  { name: "Stable Diffusion 1 for inpainting", is: (tensors) => takes(9)(tensors) && generationIs(1)(tensors) },
  { name: "Stable Diffusion 2 for inpainting", is: takes(9) },
  { name: "Stable Diffusion 1", generation: 1, is: (tensors) => hasUnet(tensors) && generationIs(1)(tensors) },
  { name: "Stable Diffusion 2", generation: 2, is: hasUnet },
  { name: "a U-Net alone", is: some(/^(input_blocks\.0\.0|(unet\.)?conv_in)\.weight$/), fix: FOLDER },
  { name: "an autoencoder alone", is: some(/^(first_stage_model\.)?(encoder|decoder)\.conv_in\.weight$/), fix: FOLDER },
  { name: "a text encoder alone", is: some(/^(text_model\.|cond_stage_model\.|transformer\.resblocks\.|token_embedding\.)/), fix: FOLDER },
];

/** What opens, in words. */
const SUPPORTED = "a single file of Stable Diffusion 1 or 2 that paints from text";

/**
 * Recognises a single file.
 * @throws CheckpointError naming the kind where it is not supported
 */
export function recogniseSingleFile({ file, tensors }: SingleFile): Generation {
  const kind = KINDS.find(({ is }) => is(tensors));
  if (kind?.generation !== undefined) return kind.generation;
  throw new CheckpointError(file, {
    expected: SUPPORTED,
    found: kind
      ? `${kind.name}, which is not supported`
      : `none of the kinds that are known, but ${tensors.size} tensors (${[...tensors.keys()].slice(0, 3).map(brief).join(", ") || "none"})`,
    fix: kind?.fix,
  });
}
