/** @file Which part of the sphere a panorama covers. The viewer, the GPano tags and the texts use the same value. */
import { degrees, radians } from "./angles.js";

/**
 * What an image covers, in degrees. Its centre is heading 0, and pitch `centre`.
 * "cylinder": columns are equal steps of heading, rows are equal heights on a cylinder.
 * "equirectangular": columns are equal steps of heading, rows are equal steps of pitch.
 * "cube": six square faces in a row: right, left, up, down, ahead, back, seen from inside (the order of WebGL's cube maps). It is 360 × 180 and
 * wraps.
 */
export interface Coverage {
  readonly projection: "cylinder" | "equirectangular" | "cube";
  /** degrees from the left to the right edge, at most 360 */
  readonly horizontal: number;
  /** degrees from the bottom to the top edge: below 180 for a cylinder, else at most 180 */
  readonly vertical: number;
  /** "wrap": the right edge continues at the left edge */
  readonly edge: "wrap" | "open";
  /** pitch of an equirectangular image's middle row, degrees up; default 0 */
  readonly centre?: number;
}

/** The pixels of a joint-diffusion panorama. */
export interface StripSize {
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  readonly edge: "wrap" | "open";
  /** height of a window in pixels; default the panorama's height */
  readonly window?: number;
}

/** Degrees that one window covers. Six side by side make the paper's 512×3072 panorama a full turn. */
export const WINDOW_DEGREES = 60;

/**
 * What a joint-diffusion panorama covers, as a cylinder. A looped one covers 360° at any width; an open one covers 60° per window, at most 360°.
 * At the horizon pixels are square, so vertical = 2·atan(height/2 / radius) with radius = width / horizontal in radians: 55.3° for a looped
 * 6:1 panorama.
 */
export function stripCoverage({ width, height, edge, window = height }: StripSize): Coverage {
  const horizontal = edge === "wrap" ? 360 : Math.min(360, (width * WINDOW_DEGREES) / window);
  const radius = width / radians(horizontal);
  return { projection: "cylinder", horizontal, vertical: degrees(2 * Math.atan(height / 2 / radius)), edge };
}
