/** @file What the rows of the scenes' table share: bounds, and shares with an interval. */
import { bootstrapInterval, mean } from "../../tiny-landscapes/check/statistics.js";
import { type Line, line, type Measure, percent } from "../../tiny-landscapes/check/table.js";

type Bounds = NonNullable<Measure["bounds"]>;
export const higher = (floor: number, aim: number): Bounds => ({ floor, aim, better: "higher" });
export const lower = (floor: number, aim: number): Bounds => ({ floor, aim, better: "lower" });

/** The mean of ones and zeros, one or several a picture; its interval resamples pictures. */
export function share(what: string, hits: readonly (number | readonly number[])[], bounds?: Bounds): Line {
  const pictures = hits.map((each) => (typeof each === "number" ? [each] : each));
  const of = (some: readonly (readonly number[])[]) => mean(some.flat());
  return line({ what, value: of(pictures), interval: bootstrapInterval(pictures, of), bounds, show: percent });
}
