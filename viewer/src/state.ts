/** @file What is on screen, in numbers: the viewer's state, read and set from outside. */
import { type Projection, projections } from "./projections.js";

/** All angles in degrees. */
export interface ViewState {
  /** to the right of the image's centre, [-180,180) */
  heading: number;
  /** up, [-90,90] */
  pitch: number;
  /** of the camera, clockwise, [-180,180) */
  roll: number;
  /** vertical, 20 to 120 */
  fov: number;
  projection: Projection;
  /** index of the step shown; null without steps */
  step: number | null;
  /** another panorama beside this one; null: none */
  compare: null;
}

export const FOV_MIN = 20;
export const FOV_MAX = 120;

/** An angle brought into [-180,180). */
export const turn = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;

/**
 * The state after a change. Headings and rolls go round; all else is refused outside its range.
 * @throws RangeError naming the key, what was given and what would be right
 */
export function changed(state: ViewState, change: Partial<ViewState>, steps: number): ViewState {
  const next = { ...state };
  for (const [key, value] of Object.entries(change)) {
    if (!(key in checks)) throw new RangeError(`viewer.state: got "${key}", want one of ${Object.keys(checks).join(", ")}`);
    const wanted = checks[key as keyof ViewState](value, steps);
    if (wanted !== undefined) throw new RangeError(`viewer.state.${key}: got ${String(value)}, want ${wanted}`);
    Object.assign(next, { [key]: value });
  }
  return { ...next, heading: turn(next.heading), roll: turn(next.roll) };
}

/** What would be right, or undefined where the value is. */
type Check = (value: unknown, steps: number) => string | undefined;

const between =
  (from: number, to: number): Check =>
  (x) =>
    typeof x === "number" && x >= from && x <= to ? undefined : `a number of degrees from ${from} to ${to}`;
const angle: Check = (x) => (typeof x === "number" && Number.isFinite(x) ? undefined : "a number of degrees");

const checks: { readonly [K in keyof ViewState]: Check } = {
  heading: angle,
  pitch: between(-90, 90),
  roll: angle,
  fov: between(FOV_MIN, FOV_MAX),
  projection: (x) =>
    typeof x === "string" && x in projections ? undefined : `one of ${Object.keys(projections).join(", ")} (others are not there yet)`,
  step: (x, steps) => {
    if (steps === 0) return x === null ? undefined : "null: this panorama came without steps";
    return typeof x === "number" && Number.isInteger(x) && x >= 0 && x < steps ? undefined : `a whole number from 0 to ${steps - 1}`;
  },
  compare: (x) => (x === null ? undefined : "null (comparing is not there yet)"),
};
