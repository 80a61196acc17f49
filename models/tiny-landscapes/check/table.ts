/** @file A table of measures with floor and aim. */
import type { Interval } from "./statistics.js";

export interface Line {
  readonly what: string;
  readonly measured: string;
  readonly floor: string;
  readonly aim: string;
  readonly reached: "aim" | "floor" | "missed" | "";
}

export interface Measure {
  readonly what: string;
  readonly value: number;
  /** 95 % */
  readonly interval?: Interval;
  /** absent: measured and shown only */
  readonly bounds?: { readonly floor: number; readonly aim: number; readonly better: "higher" | "lower" };
  readonly show?: (x: number) => string;
}

export const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
export const decimal = (x: number): string => x.toFixed(3);

export function line({ what, value, interval, bounds, show = decimal }: Measure): Line {
  const measured = interval ? `${show(value)} [${show(interval[0])}, ${show(interval[1])}]` : show(value);
  if (!bounds) return { what, measured, floor: "", aim: "", reached: "" };
  const { floor, aim, better } = bounds;
  const meets = (bound: number) => (better === "higher" ? value >= bound : value <= bound);
  return { what, measured, floor: show(floor), aim: show(aim), reached: meets(aim) ? "aim" : meets(floor) ? "floor" : "missed" };
}
