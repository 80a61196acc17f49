/** @file Files that are no LoRA of Stable Diffusion 1 or 2, by their keys. One line a kind; the first that fits counts. */
import { CheckpointError } from "../../core/errors.js";

interface OtherKind {
  readonly name: string;
  readonly key: RegExp;
  readonly fix?: string;
}

const OTHERS: readonly OtherKind[] = [
  { name: "a textual inversion", key: /^(emb_params|string_to_param|clip_[lg]|<.+>)$/, fix: "give it as an embedding (--embedding)" },
  { name: "a whole checkpoint", key: /^(model\.diffusion_model|first_stage_model)\./, fix: "give it as the model (--model)" },
  { name: "a ControlNet", key: /^(control_model|input_hint_block|controlnet_cond_embedding|lora_controlnet)\b/, fix: "see --control-net" },
  { name: "a motion module (AnimateDiff)", key: /motion_modules[._]|temporal_transformer/ },
  {
    name: "a LoRA of Flux, Stable Diffusion 3 or another transformer",
    key: /^(transformer\.|lora_transformer_|lora_unet_(double|single|joint)_blocks)/,
  },
  { name: "a LoRA of Stable Diffusion XL", key: /^(lora_te2_|text_encoder_2\.)|label_emb|add_embedding|transformer_blocks[._][1-9]/ },
  { name: "DoRA (weight-decomposed)", key: /\.dora_scale$|lora_magnitude_vector/ },
  { name: "LoHa (LyCORIS)", key: /\.hada_/ },
  { name: "LoKr (LyCORIS)", key: /\.lokr_/ },
  { name: "GLoRA (LyCORIS)", key: /\.[ab][12]\.weight$/ },
  { name: "(IA)³ (LyCORIS)", key: /\.on_input$/ },
  { name: "OFT or BOFT", key: /\.(b?oft_|oft_diag)/ },
  { name: "VeRA", key: /vera_lambda_/ },
  { name: "whole differences of weights (LyCORIS's full)", key: /\.diff(_b)?$/ },
  { name: "norms that were trained (LyCORIS)", key: /\.[wb]_norm$/ },
  { name: "a LoRA with biases", key: /\.bias$/ },
  { name: "a LoRA with embeddings bundled into it", key: /^bundle_emb\.|lora_embedding_[AB]/ },
];

/** What opens, in words. */
export const SUPPORTED = "a LoRA of Stable Diffusion 1 or 2, with the keys of kohya's trainers, diffusers or peft";

/** Refuses files of other kinds by name. @throws CheckpointError */
export function expectLora(file: string, keys: readonly string[]): void {
  for (const { name, key, fix } of OTHERS) {
    const found = keys.find((each) => key.test(each));
    if (found !== undefined)
      throw new CheckpointError(file, { expected: SUPPORTED, found: `${name}, which is not supported (${JSON.stringify(found)})`, fix });
  }
}
