/** @file Models whose networks are closed formulas: every method runs, and is checked, in milliseconds without a checkpoint. */
import type { Edge } from "#kernel-lib/core/edge.js";
import { ClosedError } from "#kernel-lib/core/errors.js";
import { type DeviceTensor, rows, type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import type { JointModel, JointModelConfig } from "#kernel-lib/diffusion/joint-model.js";
import { x0FromEps } from "#kernel-lib/diffusion/notation.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import type { JointRun } from "#kernel-lib/methods/joint/step-record.js";
import type { SyncOptions } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { allMethods } from "#kernel-lib/methods/methods.js";

export const config: JointModelConfig = {
  latentChannels: 4,
  scaleFactor: 2,
  window: 8,
  schedule: {
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    trainTimesteps: 1000,
    stepsOffset: 1,
    setAlphaToOne: false,
    prediction: "epsilon",
  },
};
/** Every method of the table as a function of a model and options. */
export const METHODS: Readonly<Record<string, (model: JointModel, options: SyncOptions) => JointRun>> = Object.fromEntries(
  allMethods().map((method) => [method.name, (model, options) => method.run(model, options as never)]),
);

/** Those with strides of their own: relatives.test.ts has their laws. */
const OWN_STRIDE = ["independent", "spot", "safa", "collage"];
/** Those whose windows lie a quarter of a window apart unless told otherwise. */
export const OVERLAPPING = Object.fromEntries(Object.entries(METHODS).filter(([name]) => !OWN_STRIDE.includes(name)));

/** Those that merge attention: a call of theirs may take all windows, whatever the batch. */
export const MERGING = ["mad"];
/** Those that draw noise for themselves, whatever the sampler. */
export const SEARCHING = ["cdgs"];
/** What makes a search MultiDiffusion, for laws of one panorama whose steps are each taken once. */
export const PLAIN: Readonly<Record<string, object>> = { cdgs: { population: 1, resamples: 1 } };

/** A search that is small, for laws that run a method again and again. */
export const FEW: Readonly<Record<string, object>> = { cdgs: { population: 2, inversionSteps: 1 } };

/** Those that draw fresh noise unless told otherwise: no closed form of DDIM is theirs. */
export const DRAWING = ["gvcf"];
/** Those whose average weighs all windows equally. */
export const EQUAL_WEIGHTS = ["multi", "sync", "twin", "regions"];

export const schedule = createSchedule(config.schedule);

/** One network call: which, at which timestep, and what it was given. */
export interface Call {
  readonly kind: "noise" | "gradient" | "decode" | "text";
  readonly timestep: number;
  readonly latent: Tensor;
  readonly edge?: Edge;
}

export interface Toy extends JointModel {
  encode: NonNullable<JointModel["encode"]>;
  readonly calls: Call[];
  close(): void;
}

export interface ToyOptions {
  readonly config?: Partial<JointModelConfig>;
  /** the mean of the data a window thinks it sees; default 0.3 */
  readonly mean?: (window: Tensor) => number;
  /** called before each network call's answer */
  readonly watch?: (call: Call) => void;
  /** the noise, changed after the formula */
  readonly spoil?: (kind: "noise" | "loss" | "gradient" | "image", x: Tensor, call: Call) => Tensor;
  readonly batchSize?: JointModel["batchSize"];
}

/**
 * Where attention is merged, every window thinks that it sees what all see together: the average of their means.
 *
 * Data is N(mean, 1) in every latent pixel, so eps = sigma · (x − alpha·mean) and x0 = alpha·x + sigma²·mean exactly. An image is the latent's
 * first three channels, each pixel repeated; the distance is the sum of squared differences of x0 to the anchor's, so its gradient
 * is 2·alpha·(x0 − anchor), the mean held.
 */
export function toy({ config: changes, mean = () => 0.3, watch, spoil = (_, x) => x, batchSize }: ToyOptions = {}): Toy {
  const calls: Call[] = [];
  const merged = { ...config, ...changes };
  const s = merged.scaleFactor;
  let open = true;
  const call = (kind: Call["kind"], timestep: number, latent: Tensor, edge?: Edge): Call => {
    if (!open) throw new ClosedError("the model is closed");
    const entry = { kind, timestep, latent: { data: latent.data.slice(), shape: latent.shape }, edge };
    calls.push(entry);
    watch?.(entry);
    return entry;
  };
  const meansOf = (x: Tensor) => Array.from({ length: x.shape[0] }, (_, n) => mean(rows(x, n, n + 1)));
  const eachRow = (x: Tensor, f: (value: number, mean: number, k: number, row: number) => number, means = meansOf(x)): Tensor => {
    const size = x.data.length / x.shape[0];
    return { data: x.data.map((value, k) => f(value, means[Math.floor(k / size)], k % size, Math.floor(k / size))), shape: x.shape };
  };
  return {
    config: merged,
    calls,
    close: () => {
      open = false;
    },
    encodeText: async (prompts) => {
      call("text", -1, zeros([0]));
      return zeros([[prompts].flat().length, 3, 5]);
    },
    tokenize: async (prompt) => ({ ids: Array.from({ length: 7 }, (_, k) => k), truncated: prompt.split(" ").length > 5 }),
    predictNoise: async (latent, { timestep }) => {
      const entry = call("noise", timestep, latent);
      const { alpha, sigma } = schedule.level(timestep);
      return spoil(
        "noise",
        eachRow(latent, (x, m) => sigma * (x - alpha * m)),
        entry,
      );
    },
    predictMergedNoise: async (latent, { timestep, merged }) => {
      const entry = call("noise", timestep, latent);
      const { alpha, sigma } = schedule.level(timestep);
      const means = meansOf(latent);
      const all = means.reduce((a, b) => a + b) / means.length;
      const seen = merged.attention === "all" ? means.map(() => all) : means;
      return spoil(
        "noise",
        eachRow(latent, (x, m) => sigma * (x - alpha * m), seen),
        entry,
      );
    },
    decode: async (latent, options) => {
      const entry = call("decode", -1, latent, options?.edge);
      const [n, c, h, w] = latent.shape;
      const image = zeros([n, 3, h * s, w * s]);
      for (let k = 0; k < image.data.length; k++) {
        const [x, y, channel, row] = [
          k % (w * s),
          Math.floor(k / (w * s)) % (h * s),
          Math.floor(k / (w * s * h * s)) % 3,
          Math.floor(k / (3 * w * s * h * s)),
        ];
        image.data[k] = latent.data[((row * c + channel) * h + Math.floor(y / s)) * w + Math.floor(x / s)];
      }
      return spoil("image", image, entry);
    },
    // the mean of each square of pixels, the fourth channel their mean; noise moves it by a tenth
    encode: async ({ data, shape: [n, , H, W] }, { noise } = {}) => {
      const [h, w] = [H / s, W / s];
      const latent = zeros([n, merged.latentChannels, h, w]);
      for (let k = 0; k < n * 3 * H * W; k++) {
        const [x, y, channel, row] = [k % W, Math.floor(k / W) % H, Math.floor(k / (W * H)) % 3, Math.floor(k / (3 * W * H))];
        for (const [c, share] of [[channel, 1] as const, [3, 1 / 3] as const])
          latent.data[((row * merged.latentChannels + c) * h + Math.floor(y / s)) * w + Math.floor(x / s)] += (share * data[k]) / s ** 2;
      }
      return noise ? { ...latent, data: latent.data.map((x, k) => x + 0.1 * noise.data[k]) } : latent;
    },
    perceptualGradient: async (latent, { timestep, anchor }) => {
      const entry = call("gradient", timestep, latent);
      const { alpha, sigma } = schedule.level(timestep);
      const [n, , h, w] = latent.shape;
      const loss = zeros([n]);
      const gradient = eachRow(latent, (x, m, k, row) => {
        const [column, y, channel] = [k % w, Math.floor(k / w) % h, Math.floor(k / (w * h))];
        if (channel > 2) return 0;
        const difference = alpha * x + sigma ** 2 * m - sent(anchor).data[(channel * h * s + y * s) * w * s + column * s];
        loss.data[row] += difference ** 2;
        return 2 * alpha * difference;
      });
      return { loss: spoil("loss", loss, entry), gradient: spoil("gradient", gradient, entry) };
    },
    // the distance of x0 to the anchor's, without the network: gradient 2·(x0 − anchor)
    decodedGradient: async (x0, { anchor }) => {
      const entry = call("gradient", -1, x0);
      const [n, , h, w] = x0.shape;
      const loss = zeros([n]);
      const gradient = eachRow(x0, (x, _, k, row) => {
        const [column, y, channel] = [k % w, Math.floor(k / w) % h, Math.floor(k / (w * h))];
        if (channel > 2) return 0;
        const difference = x - sent(anchor).data[(channel * h * s + y * s) * w * s + column * s];
        loss.data[row] += difference ** 2;
        return 2 * difference;
      });
      return { loss: spoil("loss", loss, entry), gradient: spoil("gradient", gradient, entry) };
    },
    batchSize,
  };
}

function sent(x: Tensor | DeviceTensor): Tensor {
  if (!("data" in x)) throw new Error("the toy was given a tensor on a device");
  return x;
}

/** A toy whose tensors can stay on a device: what is there now, and what was ever sent. */
export function toyOnDevice(inner: Toy): Toy & { readonly there: ReadonlyMap<number, Tensor>; readonly sends: readonly Tensor[] } {
  const there = new Map<number, Tensor>();
  const sends: Tensor[] = [];
  const hold = (x: Tensor): DeviceTensor => {
    const buffer = sends.push(x);
    there.set(buffer, x);
    return { buffer, shape: x.shape, release: () => void there.delete(buffer) };
  };
  const fetched = (x: Tensor | DeviceTensor): Tensor => {
    const found = "data" in x ? undefined : there.get(x.buffer);
    if (!found) throw new Error("want a tensor that is on the device");
    return found;
  };
  return {
    ...inner,
    there,
    sends,
    send: async (x) => hold(x),
    predictNoise: (latent, noise) => inner.predictNoise(latent, { ...noise, text: fetched(noise.text) }),
    predictMergedNoise: (latent, noise) => {
      if (!inner.predictMergedNoise) throw new Error("the toy merges no attention");
      return inner.predictMergedNoise(latent, { ...noise, text: fetched(noise.text) });
    },
    perceptualGradient: (latent, ask) => inner.perceptualGradient(latent, { ...ask, text: fetched(ask.text), anchor: fetched(ask.anchor) }),
    foresee: async (latent, noise) => {
      const eps = await inner.predictNoise(latent, { ...noise, text: fetched(noise.text) });
      return hold(await inner.decode(x0FromEps(latent, eps, schedule.level(noise.timestep))));
    },
  };
}

/** The largest difference of two lists of numbers. */
export const apart = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  if (got.length !== want.length) throw new Error(`apart: got ${got.length} numbers, want ${want.length}`);
  return Array.from(got).reduce((worst, value, k) => Math.max(worst, Math.abs(value - want[k])), 0);
};

/** All records of a run and what it returned. */
export async function finish<Step, Result>(run: AsyncGenerator<Step, Result, void>): Promise<{ steps: Step[]; result: Result }> {
  const steps: Step[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { steps, result: value };
    steps.push(value);
  }
}

/** The records of a run that is expected to fail, and its error. */
export async function fail<Step>(run: AsyncGenerator<Step, unknown, void>): Promise<{ steps: Step[]; error: Error }> {
  const steps: Step[] = [];
  try {
    for await (const step of run) steps.push(step);
  } catch (error) {
    return { steps, error: error as Error };
  }
  throw new Error("the run was expected to fail");
}
