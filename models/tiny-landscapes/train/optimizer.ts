/** @file AdamW over named arrays, and their running average. State is passed in and changed in place: it is most of a trainer's memory. */

export type Arrays = Record<string, Float32Array>;

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** decoupled weight decay, of arrays for which `decays` holds */
  readonly weightDecay?: number;
  /** gradients together are scaled down to this L2 norm */
  readonly clip?: number;
}

export interface AdamState {
  readonly parameters: Arrays;
  readonly first: Arrays;
  readonly second: Arrays;
  /** average of the parameters over about 1/(1 − averaging) steps */
  readonly average: Arrays;
  step: number;
}

export function adamState(parameters: Arrays): AdamState {
  const like = (copy: boolean) =>
    Object.fromEntries(Object.entries(parameters).map(([key, x]) => [key, copy ? x.slice() : new Float32Array(x.length)]));
  return { parameters, first: like(false), second: like(false), average: like(true), step: 0 };
}

/**
 * One step of AdamW (arXiv:1711.05101, algorithm 2) and of the running average. Matrices decay, vectors (norms, biases) do not.
 * @returns the gradients' norm before clipping
 */
export function adamStep(state: AdamState, gradients: Arrays, options: AdamOptions): number {
  const { learningRate, beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8, weightDecay = 0, clip = 1 } = options;
  let square = 0;
  for (const g of Object.values(gradients)) for (let k = 0; k < g.length; k++) square += g[k] * g[k];
  const norm = Math.sqrt(square);
  if (!Number.isFinite(norm)) return norm; // a broken batch is left out; the caller counts it
  state.step++;
  const scale = Math.min(1, clip / (norm + 1e-12));
  const rate = (learningRate * Math.sqrt(1 - beta2 ** state.step)) / (1 - beta1 ** state.step);
  const decay = Math.min(0.999, (1 + state.step) / (10 + state.step));
  for (const [key, g] of Object.entries(gradients)) {
    const [p, m, v, a] = [state.parameters[key], state.first[key], state.second[key], state.average[key]];
    const shrink = key.endsWith(".bias") || key.includes("norm") ? 0 : learningRate * weightDecay;
    for (let k = 0; k < g.length; k++) {
      const d = g[k] * scale;
      const mk = m[k] + (1 - beta1) * (d - m[k]);
      const vk = v[k] + (1 - beta2) * (d * d - v[k]);
      m[k] = mk;
      v[k] = vk;
      const pk = p[k] * (1 - shrink) - (rate * mk) / (Math.sqrt(vk) + epsilon);
      p[k] = pk;
      a[k] += (1 - decay) * (pk - a[k]);
    }
  }
  return norm;
}
