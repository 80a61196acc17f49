/** @file Paints one prompt by several methods from the same noise, seed by seed, and measures each panorama. */
import type { Tensor } from "../core/tensor.js";
import type { JointModel } from "../diffusion/joint-model.js";
import { countPasses, type Passes } from "../methods/joint/count-passes.js";
import type { JointOptions } from "../methods/joint/options.js";
import { methodNamed } from "../methods/methods.js";
import { type MeanInterval, meanInterval, pairedInterval } from "../metrics/interval.js";
import { measure } from "../metrics/metrics.js";

/** Options of `compareMethods`. */
export interface CompareOptions extends Omit<JointOptions, "seed" | "latent" | "resume"> {
  /** names of joint methods, the baseline first; "sync:early" is `sync` once more, with the options that `own` has under that label */
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  /** options of single methods, by their labels in `methods` */
  readonly own?: Readonly<Record<string, object>>;
}

/** One panorama of a comparison. */
export interface ComparedPanorama {
  /** its label among the compared methods */
  readonly method: string;
  readonly seed: number;
  /** [1,3,H,W] in [0,1] */
  readonly panorama: Tensor;
  /** of the whole run, decoding included */
  readonly seconds: number;
  /** guided U-Net passes over a window, per step */
  readonly passes: number;
  /** gradients of a window, per step */
  readonly backward: number;
  /** by the metrics' names */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Yields a panorama for each seed and method. The methods take turns within a seed, so that a machine that becomes slower does so for all.
 * `stride` is of the methods whose windows overlap.
 * @throws RangeError for a method that is not known, fewer than two methods, no seeds, or an option that one of the methods refuses
 */
export async function* compareMethods(
  model: JointModel,
  { methods, seeds, own = {}, ...shared }: CompareOptions,
): AsyncGenerator<ComparedPanorama, void, void> {
  if (new Set(methods).size < 2) throw new RangeError(`compareMethods: got methods ${methods.join(", ") || "none"}, want two or more`);
  if (seeds.length === 0) throw new RangeError("compareMethods: got no seeds, want at least one");
  const begin = (label: string, seed: number, passes: Passes) => {
    const method = comparedMethod(label);
    const { stride, ...others } = shared;
    const options = method.placement === "side by side" ? others : { ...others, ...(stride !== undefined && { stride }) };
    return method.run(countPasses(model, passes), { ...options, ...own[label], seed } as never);
  };
  for (const label of methods) begin(label, seeds[0], noPasses()); // refuses wrong options of any method before the first panorama
  for (const seed of seeds)
    for (const label of methods) {
      const passes = noPasses();
      const run = begin(label, seed, passes);
      const begun = performance.now();
      let next = await run.next();
      while (!next.done) next = await run.next();
      const seconds = (performance.now() - begun) / 1000;
      const { panorama } = next.value;
      const metrics = await measure(panorama, model, { edge: run.options.loop ? "wrap" : "cut" });
      yield {
        ...{ method: label, seed, panorama, seconds, metrics },
        passes: passes.forward / run.stepCount,
        backward: passes.backward / run.stepCount,
      };
    }
}

/** The method of a label: what stands before its colon. @throws RangeError for a method that is not known */
export const comparedMethod = (label: string) => methodNamed(label.split(":")[0]);

const noPasses = (): Passes => ({ forward: 0, backward: 0, milliseconds: 0 });

/** What a comparison says of one method. */
export interface MethodSummary {
  readonly method: string;
  readonly passes: number;
  readonly backward: number;
  readonly seconds: MeanInterval;
  /** by the metrics' names: the mean over the seeds, and the paired difference to the baseline, of the same seeds; the baseline has none */
  readonly metrics: Readonly<Record<string, { readonly value: MeanInterval; readonly difference?: MeanInterval }>>;
}

/** Sums a comparison up, a row per method; the first method is the baseline. Seeds that a method lacks are left out of its pairs. */
export function summarise(all: readonly ComparedPanorama[]): readonly MethodSummary[] {
  const methods = [...new Set(all.map(({ method }) => method))];
  const of = (name: string) => all.filter(({ method }) => method === name);
  const [baseline] = methods.map(of);
  return methods.map((method, k) => {
    const own = of(method);
    const pairs = own.flatMap((one) => baseline.filter(({ seed }) => seed === one.seed).map((other) => [one, other] as const));
    const metrics = Object.keys(own[0].metrics).map((name) => {
      const value = meanInterval(own.map((one) => one.metrics[name]));
      const difference = pairedInterval(
        pairs.map(([one]) => one.metrics[name]),
        pairs.map(([, other]) => other.metrics[name]),
      );
      return [name, k === 0 ? { value } : { value, difference }] as const;
    });
    return {
      method,
      passes: own[0].passes,
      backward: own[0].backward,
      seconds: meanInterval(own.map(({ seconds }) => seconds)),
      metrics: Object.fromEntries(metrics),
    };
  });
}
