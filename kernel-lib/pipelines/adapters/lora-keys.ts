/**
 * @file The keys of LoRA files: which layer of which network, and which of its matrices.
 * Source of the spellings: kohya-ss/sd-scripts, networks/lora.py (lora_unet_, lora_te_; lora_te1_ as diffusers writes it); KohakuBlueleaf/LyCORIS (lora_mid); huggingface/diffusers,
 * utils/state_dict_utils.py (to_q_lora, lora_linear_layer, lora.down) and peft (lora_A, lora_B).
 */

/** The networks that a LoRA may change, by the names of a checkpoint's parts. */
export type LoraNetwork = "unet" | "text_encoder";

/** A tensor's place in a LoRA. */
export interface LoraPlace {
  readonly network: LoraNetwork;
  /** the layer: by its key without `.weight`, or with _ in place of dots as kohya writes it */
  readonly layer: string;
  readonly spelling: "dots" | "underscores";
  readonly role: LoraRole;
}

/** A: in → r; B: r → out; the convolution between them; the number that the product is scaled by, over r. */
export type LoraRole = "down" | "up" | "core" | "alpha";

const ROLES: readonly (readonly [role: LoraRole, ending: RegExp])[] = [
  ["down", /(\.lora_down|[._]lora\.down|\.lora_A(\.default)?|\.lora_linear_layer\.down)\.weight$/],
  ["up", /(\.lora_up|[._]lora\.up|\.lora_B(\.default)?|\.lora_linear_layer\.up)\.weight$/],
  ["core", /\.lora_mid\.weight$/],
  ["alpha", /\.alpha$/],
];

/** Where a key belongs; undefined for one that no LoRA has. */
export function loraPlace(key: string): LoraPlace | undefined {
  for (const [role, ending] of ROLES) {
    const match = ending.exec(key);
    if (!match) continue;
    const stem = key.slice(0, match.index);
    const kohya = /^lora_(unet|te1?)_(.+)$/.exec(stem);
    if (kohya) {
      const network = kohya[1] === "unet" ? "unet" : "text_encoder";
      const layer = network === "unet" ? kohya[2] : kohya[2].replace(/^(?!text_model_)/, "text_model_");
      return { network, layer, spelling: "underscores", role };
    }
    const [, prefix, path] = /^(?:base_model\.model\.)?(?:(unet|text_encoder)\.)?(?:base_model\.model\.)?(.+)$/.exec(stem) ?? [];
    if (path === undefined) return undefined;
    const network = (prefix as LoraNetwork | undefined) ?? (path.startsWith("text_model.") ? "text_encoder" : "unet");
    return { network, layer: network === "unet" ? ofProcessor(path) : ofTextLayer(path), spelling: "dots", role };
  }
  return undefined;
}

/** diffusers' attention processors, before peft: `attn1.processor.to_out` is the layer `attn1.to_out.0`. */
const ofProcessor = (path: string): string =>
  path.replace(/\.processor\.(to_[qkv])$/, ".$1").replace(/(\.processor)?\.to_out$/, ".to_out.0");

/** The same of text encoders: `self_attn.to_q` is `self_attn.q_proj`. Newer ones leave out `text_model.`. */
const ofTextLayer = (path: string): string =>
  path
    .replace(/^(?!text_model\.)/, "text_model.")
    .replace(/\.self_attn\.to_([qkv])$/, ".self_attn.$1_proj")
    .replace(/\.self_attn\.to_out$/, ".self_attn.out_proj");
