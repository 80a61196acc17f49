/** @file Which part of the sphere a panorama shows: what the viewer, the GPano metadata and the texts agree on. */
import { degrees, radians } from "./angles.js";

/**
 * Angles in degrees. "cylinder": columns are equal steps of heading and rows are heights on a cylinder, as windows of one camera make;
 * "equirectangular": rows are equal steps of pitch. The image's centre is heading 0, and pitch 0 unless `centre` says else. "cube": six square faces in a row, right,
 * left, up, down, ahead, back, as seen from inside (the order of WebGL's cube maps); 360 × 180, "wrap".
 */
export interface Coverage {
  readonly projection: "cylinder" | "equirectangular" | "cube";
  /** degrees from the left to the right edge, at most 360 */
  readonly horizontal: number;
  /** degrees from the bottom to the top edge, below 180 for a cylinder, at most 180 else */
  readonly vertical: number;
  /** "wrap": the right edge goes on at the left */
  readonly edge: "wrap" | "open";
  /** pitch of an equirectangular image's middle row, degrees up; 0 when absent */
  readonly centre?: number;
}

export interface StripSize {
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  readonly edge: "wrap" | "open";
  /** pixels a window is high; the panorama's height when absent */
  readonly window?: number;
}

/** A window is taken to be 60° wide: six of them, side by side, make the paper's 512×3072 a full turn. */
export const WINDOW_DEGREES = 60;

/**
 * What a joint-diffusion strip covers, as a cylinder. A looped one is 360° whatever its width; an open one counts 60° a window, and
 * ends at 360°. At the horizon a pixel is as wide as high, so vertical = 2·atan(height/2 / radius), radius = width / horizontal in radians:
 * 55.3° for a looped 6:1 strip.
 */
export function stripCoverage({ width, height, edge, window = height }: StripSize): Coverage {
  const horizontal = edge === "wrap" ? 360 : Math.min(360, (width * WINDOW_DEGREES) / window);
  const radius = width / radians(horizontal);
  return { projection: "cylinder", horizontal, vertical: degrees(2 * Math.atan(height / 2 / radius)), edge };
}
