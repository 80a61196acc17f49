/** @file The dual encoder's capabilities: vectors of pictures and of prompts, and energies. The part is read when a call first needs it. */
import { CheckpointError } from "../core/errors.js";
import { once } from "../core/once.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import type { DualEncoder, TextEncoder, TextEnergies } from "../diffusion/capabilities.js";
import type { Engine } from "../engine/engine.js";
import { choiceEnergyProgram, imageVectorsProgram, textEnergyProgram, textVectorsProgram } from "../nets/dual-programs.js";
import type { OpenParts } from "./pipeline.js";
import { type StableDiffusionParts, textParts } from "./stable-diffusion-parts.js";

/**
 * Vectors and energies of a checkpoint that has dual/.
 * @returns functions that throw a CheckpointError where dual/ is missing or does not fit the text encoder
 */
export function dualEncoder(
  parts: OpenParts<StableDiffusionParts>,
  engine: Engine,
  { encodeText }: Pick<TextEncoder, "encodeText">,
): DualEncoder & TextEnergies {
  const opened = once(() => openDual(parts));
  const sizeOf = (who: string, images: Tensor) => {
    engine.expectOpen(who);
    expectShape(who, images, ["N", 3, "H", "W"]);
    const [, , height, width] = images.shape;
    const least = 2 ** opened().config.channels.length; // the trunk halves the picture before each level
    if (height < least || width < least) throw new RangeError(`${who}: got images of ${height}×${width} px, want at least ${least} a side`);
    return { height, width };
  };
  return {
    async embedImages(image, { batch } = {}) {
      const size = sizeOf("embedImages", image);
      return (await engine.call(opened().programs.images, size, { rows: { image } }, batch)).vector; // [N,E]
    },
    async embedPrompts(prompts) {
      engine.expectOpen("embedPrompts");
      const { programs, tokenizer } = opened();
      const list = typeof prompts === "string" ? [prompts] : prompts;
      const ends = list.map((prompt) => tokenizer.encode(prompt).ids.indexOf(tokenizer.eosId));
      const state = lastStates(await encodeText(list), ends); // [n,tokens,D] -> [n,D]
      return (await engine.call(programs.texts, {}, { rows: { state } })).vector; // [n,E]
    },
    async textEnergyGradient(image, text, { batch } = {}) {
      const size = sizeOf("textEnergyGradient", image);
      const { config, programs } = opened();
      expectShape("textEnergyGradient: text", text, [1, config.projectionDim], "give the vector of one prompt");
      return engine.call(programs.textEnergy, size, { rows: { image }, shared: { text } }, batch);
    },
    async choiceEnergyGradient(image, text, wanted, { batch } = {}) {
      const size = sizeOf("choiceEnergyGradient", image);
      const { config, programs } = opened();
      expectShape("choiceEnergyGradient: texts", text, ["K", config.projectionDim], "give vectors of prompts");
      const [texts] = text.shape;
      if (!Number.isInteger(wanted) || wanted < 0 || wanted >= texts)
        throw new RangeError(`choiceEnergyGradient: wanted ${wanted}, want the number of a text, from 0 to ${texts - 1}`);
      const shared = { text, wanted: oneOf(texts, wanted) };
      return engine.call(programs.choiceEnergy, { ...size, texts }, { rows: { image }, shared }, batch);
    },
  };
}

/** 1 at one of `count` places, 0 at the others: [1,count]. */
export const oneOf = (count: number, place: number): Tensor => ({
  data: Float32Array.from({ length: count }, (_, k) => Number(k === place)),
  shape: [1, count],
});

function openDual(parts: OpenParts<StableDiffusionParts>) {
  const dual = parts.part("dual");
  const { encoder, tokenizer } = textParts(parts);
  const { hiddenSize } = dual.config;
  if (hiddenSize !== encoder.config.hiddenSize)
    throw new CheckpointError(dual.file, {
      expected: `hidden_size ${encoder.config.hiddenSize}, the text encoder's`,
      found: String(hiddenSize),
      fix: dualFix,
    });
  return {
    config: dual.config,
    tokenizer,
    programs: {
      images: imageVectorsProgram(dual),
      texts: textVectorsProgram(dual),
      textEnergy: textEnergyProgram(dual),
      choiceEnergy: choiceEnergyProgram(dual),
    },
  };
}

const dualFix = "train the part dual again with this text encoder";

/** One token's state of each row: [n,tokens,D] -> [n,D]. */
function lastStates({ data, shape: [n, tokens, width] }: Tensor, places: readonly number[]): Tensor {
  const states = new Float32Array(n * width);
  for (const [k, place] of places.entries()) {
    const from = (k * tokens + place) * width;
    states.set(data.subarray(from, from + width), k * width);
  }
  return { data: states, shape: [n, width] };
}
