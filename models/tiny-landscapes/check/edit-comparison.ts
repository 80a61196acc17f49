/** @file Compares settings of methods that edit: structure at equal success, and how well a score agrees with success. */
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { type Outcome, success } from "./edit-cases.js";
import { bootstrapInterval, mean } from "./statistics.js";
import { type Line, line, percent } from "./table.js";

/** Guidance scale, and the share of the first steps that is left out. */
export interface Setting {
  readonly guidanceScale: number;
  readonly skip: number;
}

/** A setting of a method, and what became of every case. */
export interface Measured extends Setting {
  readonly method: "cycle" | "sdedit" | "ddib";
  readonly all: readonly Outcome[];
  readonly edited: Tensor;
}

/** Structure of CycleDiffusion's less another method's, at the pair of settings whose successes differ by 3 points at most and are the highest. */
export function atEqualSuccess(
  measured: readonly Measured[],
  other: "sdedit" | "ddib",
  bounds: { readonly floor: number; readonly aim: number },
): Line[] {
  const rate = ({ all }: Measured) => mean(all.map(success));
  const kept = ({ all }: Measured) => mean(all.map(({ structure }) => structure));
  const of = (name: Measured["method"]) => measured.filter(({ method }) => method === name);
  const title = { sdedit: "SDEdit", ddib: "DDIB" }[other];
  // for each setting of the other method the best of ours that succeeds as often
  const matched = of(other).flatMap((theirs) => {
    const ours = of("cycle").filter((each) => Math.abs(rate(each) - rate(theirs)) <= 0.03);
    return ours.length === 0 ? [] : [{ theirs, ours: ours.reduce((a, b) => (kept(b) > kept(a) ? b : a)) }];
  });
  if (matched.length === 0) {
    const reached = "missed" as const;
    return [
      {
        what: `structure, CycleDiffusion less ${title}, at equal success`,
        measured: "no settings succeed equally often",
        floor: "",
        aim: "",
        reached,
      },
    ];
  }
  const best = matched.reduce((a, b) => (rate(b.theirs) > rate(a.theirs) ? b : a));
  const differences = best.ours.all.map(({ structure }, k) => structure - best.theirs.all[k].structure);
  const setting = ({ guidanceScale, skip }: Setting) => `guidance ${guidanceScale}, skip ${percent(skip)}`;
  const what = `structure, CycleDiffusion (${setting(best.ours)}) less ${title} (${setting(best.theirs)}), at ${percent(rate(best.theirs))} success`;
  return [
    line({ what, value: mean(differences), interval: bootstrapInterval(differences, mean), bounds: { ...bounds, better: "higher" } }),
  ];
}

/** Spearman's rank correlation of directional score and success over all settings. */
export function agreement(measured: readonly Measured[]): Line {
  const points = measured.map(({ all }) => ({ score: mean(all.map(({ directional }) => directional)), rate: mean(all.map(success)) }));
  const value = correlation(ranks(points.map(({ score }) => score)), ranks(points.map(({ rate }) => rate)));
  return line({
    what: `rank correlation of directional score and success over ${points.length} settings`,
    value,
    bounds: { floor: 0.6, aim: 0.8, better: "higher" },
  });
}

/** The best of six candidates of each case by the directional score, as `editGrid` chooses, against the default. */
export function bestOfSix(measured: readonly Measured[], standard: Measured): Line {
  const six = measured.filter(
    ({ method, guidanceScale, skip }) => method === "cycle" && [1, 3, 5].includes(guidanceScale) && [0, 0.2].includes(skip),
  );
  const gains = standard.all.map(
    (one, k) => success(six.map(({ all }) => all[k]).reduce((a, b) => (b.directional > a.directional ? b : a))) - success(one),
  );
  return line({
    what: "success of the best of six by directional score, less the default's",
    value: mean(gains),
    interval: bootstrapInterval(gains, mean),
    bounds: { floor: 0, aim: 0.05, better: "higher" },
    show: (x) => `${(100 * x).toFixed(1)} points`,
  });
}

function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((x) => (sorted.indexOf(x) + sorted.lastIndexOf(x)) / 2); // ties share a rank
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, k) => sum + (value - mx) * (y[k] - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}
