/** @file A sampler as a function of its latent code, with the gradient of any energy of its picture with respect to every noise. */
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { Autoencoder, Denoiser, JacobianProducts } from "../../diffusion/capabilities.js";
import { ddimSpread, ddimStep } from "../../diffusion/ddim.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import type { Hop } from "../../diffusion/schedule.js";
import { editPath } from "./edit-path.js";

/** What a sampler needs of a model. */
export interface CodeSamplerModel extends Denoiser, Pick<Autoencoder, "decode">, JacobianProducts {
  readonly config: JointModelConfig;
}

/** Options of `codeSampler`. */
export interface CodeSamplerOptions {
  /** [2,tokens,dim]: negative prompt, then prompt; or [1,tokens,dim] without guidance */
  readonly text: Tensor;
  /** default 1; ignored for [1,…] text */
  readonly guidanceScale?: number;
  /** default 8 */
  readonly steps?: number;
  /** in (0,1]; 1 gives every noise weight; default 1 */
  readonly eta?: number;
  /** of the latent, [c,h,w]; default the model's window */
  readonly shape?: readonly number[];
  /** rows per network call */
  readonly batch?: number;
}

/** A sampler: codes to pictures, and back for cotangents. */
export interface CodeSampler {
  /** noises of a code: x_T and one for each step */
  readonly noises: number;
  /** of a noise, [c,h,w] */
  readonly shape: readonly number[];
  /** Makes the pictures of codes, [N,c,h,w] for each noise. */
  run(code: readonly Tensor[]): Promise<SampledCode>;
}

/** Pictures of codes. */
export interface SampledCode {
  /** the last latent, [N,c,h,w] */
  readonly latent: Tensor;
  /** [N,3,H,W], about [-1,1] */
  readonly image: Tensor;
  /** Gradients of Σ image · cotangent with respect to every noise, [N,c,h,w] each. @param cotangent [N,3,H,W] */
  pull(cotangent: Tensor): Promise<readonly Tensor[]>;
}

/** Coefficients of x_next = a·x + b·eps(x) + s·z. */
function coefficients({ now, next }: Hop, eta: number) {
  const { s, d } = ddimSpread(now, next, eta);
  return { a: next.alpha / now.alpha, b: d - (next.alpha * now.sigma) / now.alpha, s };
}

/**
 * The stochastic DDIM sampler as a function G of its code z = (z_0 = x_T, z_1 … z_T), with its exact gradient. Forward, every x_k is kept. Backward, for an
 * energy E of the picture:
 *
 *   v = Jᵀ_decode ∂E/∂image;   for k = T−1 … 0:  ∂E/∂z_{k+1} = s_k·v,   v ← a_k·v + b_k·Jᵀ_eps(x_k) v;   ∂E/∂z_0 = v
 *
 * Each Jᵀ is one network call, so memory does not grow with the steps.
 * @throws RangeError for steps or eta out of range
 */
export function codeSampler(
  model: CodeSamplerModel,
  { text, guidanceScale = 1, steps = 8, eta = 1, shape, batch }: CodeSamplerOptions,
): CodeSampler {
  if (!(eta > 0 && eta <= 1))
    throw new RangeError(`codeSampler: eta ${eta}, want a number above 0, at most 1; eta 0 has no noise but the start`);
  const { hops } = editPath(model.config.schedule, steps, 0);
  const { latentChannels, window } = model.config;
  const each = shape ?? [latentChannels, window, window];
  const ask = (timestep: number) => ({ timestep, text, guidanceScale, batch });
  return {
    noises: hops.length + 1,
    shape: each,
    async run(code) {
      for (const [k, z] of code.entries()) expectShape(`codeSampler: noise ${k}`, z, ["N", ...each]);
      let x = code[0]; // [N,c,h,w]
      const path: Tensor[] = [];
      for (const [k, hop] of hops.entries()) {
        path.push(x);
        const eps = await model.predictNoise(x, ask(hop.now.t));
        x = ddimStep(x, eps, hop.now, hop.next, { stochastic: { eta, noise: code[k + 1] } }).prev;
      }
      const latent = x;
      return {
        latent,
        image: await model.decode(latent, { batch }),
        async pull(cotangent) {
          let v = await model.pullDecode(latent, { cotangent, batch }); // [N,c,h,w]
          const gradients: Tensor[] = [];
          for (const [k, hop] of [...hops.entries()].reverse()) {
            const { a, b, s } = coefficients(hop, eta);
            gradients[k + 1] = scaled(v, s);
            const pulled = await model.pullNoise(path[k], { ...ask(hop.now.t), cotangent: v });
            v = { data: v.data.map((value, i) => a * value + b * pulled.data[i]), shape: v.shape };
          }
          gradients[0] = v;
          return gradients;
        },
      };
    },
  };
}

const scaled = (x: Tensor, by: number): Tensor => ({ data: x.data.map((value) => by * value), shape: x.shape });
