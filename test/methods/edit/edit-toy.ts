/** @file A model whose networks are closed formulas, for edits: data is N(mean of the prompt, 1) in every latent pixel. */
import { stack, type Tensor } from "#kernel-lib/core/tensor.js";
import type { EditModel } from "#kernel-lib/methods/edit/edit-model.js";
import { schedule, type Toy, type ToyOptions, toy } from "../joint/toy.js";

export interface EditToy extends Toy, EditModel {
  /** rows of each call of the noise network */
  readonly rowCalls: number[];
}

/** A prompt's mean: its length over 10. Embeddings are [n,2,3], filled with it. */
export const meanOf = (prompt: string): number => prompt.length / 10;

/** Wobbles the noise so that it is not linear in x: eps = sigma·(x − alpha·mean) + 0.1·sin(3·x). */
export function editToy(options: ToyOptions = {}): EditToy {
  const inner = toy(options);
  const rowCalls: number[] = [];
  const scale = inner.config.scaleFactor;
  return {
    ...inner,
    rowCalls,
    encodeText: async (prompts) =>
      stack([prompts].flat().map((prompt) => ({ data: new Float32Array(6).fill(meanOf(prompt)), shape: [1, 2, 3] }))),
    predictRowNoise: async (latent, { timestep, text }) => {
      rowCalls.push(latent.shape[0]);
      const { alpha, sigma } = schedule.level(timestep);
      const size = latent.data.length / latent.shape[0];
      const entry = { kind: "noise" as const, timestep, latent };
      options.watch?.(entry);
      const eps: Tensor = {
        data: latent.data.map((x, k) => sigma * (x - alpha * text.data[Math.floor(k / size) * 6]) + 0.1 * Math.sin(3 * x)),
        shape: latent.shape,
      };
      return options.spoil?.("noise", eps, entry) ?? eps;
    },
    /** the mean of each block of pixels; a fourth channel of zeros */
    encode: async (image) => {
      const [n, , H, W] = image.shape;
      const [h, w] = [H / scale, W / scale];
      const data = new Float32Array(n * 4 * h * w);
      for (let k = 0; k < data.length; k++) {
        const [x, y, c, row] = [k % w, Math.floor(k / w) % h, Math.floor(k / (w * h)) % 4, Math.floor(k / (4 * w * h))];
        if (c === 3) continue;
        for (let i = 0; i < scale * scale; i++)
          data[k] += image.data[((row * 3 + c) * H + y * scale + Math.floor(i / scale)) * W + x * scale + (i % scale)] / scale ** 2;
      }
      return { data, shape: [n, 4, h, w] };
    },
  };
}
