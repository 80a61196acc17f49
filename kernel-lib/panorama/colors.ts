/** @file The colours of figures, pages and the viewer: the scale of distances, few categories, a page's ground and ink. */

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

/** Okabe and Ito's colours, for few categories: told apart with every common colour blindness. Their black is left to the page's ink. */
export const CATEGORIES = {
  blue: "#0072B2",
  orange: "#E69F00",
  green: "#009E73",
  vermilion: "#D55E00",
  sky: "#56B4E9",
  purple: "#CC79A7",
  yellow: "#F0E442",
} as const;

/** A page's ground, its ink and quieter ink, lines, what lies on the ground, and links. */
export const PAGE = {
  light: { page: "#fbfaf7", ink: "#1d1f23", soft: "#5d6068", line: "#e2dfd8", card: "#fff", accent: "#1f5f7a" },
  dark: { page: "#121316", ink: "#e9e7e2", soft: "#a3a6ad", line: "#2c2e34", card: "#191b1f", accent: "#7cc4de" },
} as const;

/** A run that was stopped; the cut of a closed panorama. */
export const WARNING = "#c2571a";

/** A page's colours as CSS variables: --page, --ink, … */
export const pageVariables = (scheme: keyof typeof PAGE): string =>
  Object.entries(PAGE[scheme])
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");
