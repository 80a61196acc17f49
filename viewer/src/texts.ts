/** @file Every text that the viewer shows or says. */
import type { Coverage } from "../../kernel-lib/notebook/coverage.js";
import type { ViewState } from "./state.js";

const whole = (x: number): number => Math.round(Math.abs(x));

export const TEXTS = {
  kind: "panorama viewer",
  keys: "Arrow keys turn, plus and minus zoom, 0 returns to the start, 1 to 4 choose the projection.",
  tools: "View",
  controls: "Panorama",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  reset: "Back to the start",
  fullScreen: "Full screen",
  rotate: "Turn slowly",
  steps: "Step of the diffusion",
  play: "Play the steps",
  pause: "Stop at this step",
  loop: "Play again and again",
  speed: "Speed",
  device: "Follow the device",
  projection: "Projection",
  projections: { perspective: "Perspective", planet: "Little planet", panini: "Panini", flat: "Flat" },
  compare: "Compare",
  compareNone: "Compare: off",
  comparisons: { swipe: "Swipe", side: "Side by side", blink: "Blink", difference: "Difference" },
  divider: "Where the divider is",
  first: "first",
  measuring: "Difference …",
  difference: (mean: number, times: number): string => `Mean difference ${mean.toFixed(2)} of 255, shown ${times} times as strong`,
  seam: "Seam",
  jump: "Look at the cut",
  roll: "Turn by 180°",
  zenith: "Look straight up",
  nadir: "Look straight down",
  profile: "Difference of neighbouring columns across the cut",
  seamScore: (cut: number, score: number): string =>
    `Across the cut neighbouring columns differ by ${cut.toFixed(2)} of 255, ${Number.isFinite(score) ? `${score.toFixed(2)} times` : "and nothing at all differs in"} their neighbours. About 1 is a cut that does not show.`,
  poles: (top: number, bottom: number): string =>
    `Poles, mean distance of a row from its own colour: ${top.toFixed(2)} at the top, ${bottom.toFixed(2)} at the bottom, of 255. 0 is a pole of one colour.`,
  still: "This browser offers no WebGL 2, so the picture stays still.",
  failed: "The picture could not be shown in the viewer, so it stays still.",
  scaled: (width: number, held: number): string => `${width} pixels wide; this graphics card takes ${held}, so it is shown scaled down.`,
  covers: ({ horizontal, vertical, edge }: Coverage): string =>
    edge === "wrap" ? `A full turn, ${whole(vertical)}° high.` : `Covers ${whole(horizontal)}° × ${whole(vertical)}°.`,
  view: ({ heading, pitch, fov }: ViewState): string => {
    const side = whole(heading) === 0 ? "ahead" : `${whole(heading)}° ${heading < 0 ? "left" : "right"}`;
    const height = whole(pitch) === 0 ? "" : `, ${whole(pitch)}° ${pitch < 0 ? "down" : "up"}`;
    return `${side}${height}, ${whole(fov)}° high`;
  },
} as const;
