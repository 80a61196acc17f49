/** @file The colour scale of distances. */

/**
 * Viridis at nine equal steps, RGB: perceptually uniform, readable with every common colour blindness and in grey. By N. J. Smith,
 * S. van der Walt and E. Firing for Matplotlib, CC0; the table is bids.github.io/colormap.
 */
const VIRIDIS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** The colour of a value from 0 (dark violet) to 1 (yellow), as "#rrggbb"; values outside are clamped. */
export function viridis(value: number): string {
  const at = Math.min(1, Math.max(0, value)) * (VIRIDIS.length - 1);
  const k = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const rgb = VIRIDIS[k].map((from, c) => Math.round(from + (at - k) * (VIRIDIS[k + 1][c] - from)));
  return `#${rgb.map((x) => x.toString(16).padStart(2, "0")).join("")}`;
}

/** The scale's nine colours, as "#rrggbb". */
export const VIRIDIS_STEPS: readonly string[] = VIRIDIS.map((_, k) => viridis(k / (VIRIDIS.length - 1)));

/** The whole scale as a CSS gradient from left to right. */
export const VIRIDIS_GRADIENT: string = `linear-gradient(90deg,${VIRIDIS_STEPS.join(",")})`;
