/** @file The viewer's state, which scripts and notebooks can read and set. */
import { turn } from "./angles.js";
import { type Projection, projections, ruleOf } from "./projections.js";

/** The kinds of comparison: a divider between two panoramas, one over the other, side by side, alternating, or their difference. */
export const COMPARISONS = ["swipe", "blend", "side", "blink", "difference"] as const;
/** A kind of comparison. */
export type Comparison = (typeof COMPARISONS)[number];

/** The state of a viewer. Angles are in degrees. */
export interface ViewState {
  /** to the right of the image's centre, [-180,180) */
  heading: number;
  /** up, [-90,90] */
  pitch: number;
  /** roll of the camera, clockwise, [-180,180) */
  roll: number;
  /** vertical field of view, 20 to 120; for "planet" up to 320, for "flat" up to 360 */
  fov: number;
  projection: Projection;
  /** index of the step shown; null without steps */
  step: number | null;
  /** kind of comparison; null: none */
  compare: Comparison | null;
  /** the two panoramas that "swipe", "blend" and "difference" compare, 0 is the viewer's own; absent if there are fewer than three */
  pair?: readonly [number, number];
}

/** The number of steps and panoramas of a viewer. */
export interface Contents {
  readonly steps: number;
  /** panoramas, including its own */
  readonly panoramas: number;
}

/** The two panoramas that are compared. */
export const pairOf = ({ pair = [0, 1] }: Pick<ViewState, "pair">): readonly [number, number] => pair;

/**
 * Applies a change to a state. Heading and roll wrap. A field of view that the new projection does not allow is clamped, unless it is part of
 * the change. Other values outside their range are refused.
 * @param who what the errors name
 * @throws RangeError with the key, the given value and the valid ones
 */
export function changed(state: ViewState, change: Partial<ViewState>, contents: Contents, who = "viewer.state"): ViewState {
  const next = { ...state, ...change };
  for (const [key, value] of Object.entries(change)) {
    if (!(key in state)) throw new RangeError(`${who}: got "${key}", want one of ${Object.keys(state).join(", ")}`);
    const wanted = checks[key as keyof ViewState](value, contents, next);
    if (wanted !== undefined) throw new RangeError(`${who}.${key}: got ${String(value)}, want ${wanted}`);
  }
  const [least, most] = projections[next.projection].range;
  return { ...next, heading: turn(next.heading), roll: turn(next.roll), fov: Math.min(most, Math.max(least, next.fov)) };
}

/** Checks a value. Returns what would be valid; undefined if the value is. */
type Check = (value: unknown, contents: Contents, next: ViewState) => string | undefined;

const between =
  (from: number, to: number): Check =>
  (x) =>
    typeof x === "number" && x >= from && x <= to ? undefined : `a number of degrees from ${from} to ${to}`;
const angle: Check = (x) => (typeof x === "number" && Number.isFinite(x) ? undefined : "a number of degrees");
const isProjection = (x: unknown): x is Projection => typeof x === "string" && Object.hasOwn(projections, x);

const checks: { readonly [K in keyof ViewState]-?: Check } = {
  heading: angle,
  pitch: between(-90, 90),
  roll: angle,
  fov: (x, contents, next) => between(...ruleOf(isProjection(next.projection) ? next.projection : "perspective").range)(x, contents, next),
  projection: (x) => (isProjection(x) ? undefined : `one of ${Object.keys(projections).join(", ")}`),
  step: (x, { steps }) => {
    if (steps === 0) return x === null ? undefined : "null: this panorama came without steps";
    return typeof x === "number" && Number.isInteger(x) && x >= 0 && x < steps ? undefined : `a whole number from 0 to ${steps - 1}`;
  },
  compare: (x, { panoramas }) => {
    if (x === null) return undefined;
    if (panoramas === 1) return "null: this panorama came without another";
    return COMPARISONS.includes(x as Comparison) ? undefined : `null or one of ${COMPARISONS.join(", ")}`;
  },
  pair: (x, { panoramas }) => {
    const known = (k: unknown) => Number.isInteger(k) && (k as number) >= 0 && (k as number) < panoramas;
    const fits = Array.isArray(x) && x.length === 2 && x.every(known) && x[0] !== x[1];
    return fits ? undefined : `two different whole numbers from 0 to ${panoramas - 1}`;
  },
};
