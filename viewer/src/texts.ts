/** @file Every text that the viewer shows or says. */
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";

const whole = (x: number): number => Math.round(Math.abs(x));

const digits = (x: number): string => (x === 0 ? "0" : String(Number(x.toPrecision(3))));

/** The viewer's texts by name. */
export const TEXTS = {
  kind: "panorama viewer",
  keys: "Arrow keys turn, plus and minus zoom, 0 returns to the start, 1 to 4 choose the projection, the question mark shows all keys.",
  help: "Keys",
  focus: "They work while the picture has the focus.",
  /** `key` is one of those that must be there; absent: they always are */
  keyHelp: [
    { keys: ["←", "→", "↑", "↓"], what: "turn; with Shift further" },
    { keys: ["+", "−", "0"], what: "zoom in, zoom out, back to the start" },
    { keys: ["1", "2", "3", "4"], what: "perspective, little planet, Panini, flat" },
    { keys: ["[", "]", "Space"], what: "one step back, one step on, play", key: "[" },
    { keys: ["W", "N", "P"], what: "windows, the next one, the previous one", key: "w" },
    { keys: ["S", "X", "E", "B", "D"], what: "swipe, blend, side by side, blink, difference", key: "s" },
    { keys: [",", "."], what: "move the divider, or change how much of the second one is seen", key: "," },
    { keys: ["I", "O"], what: "choose the first, the second of the two", key: "i" },
    { keys: ["G", "R"], what: "look at the cut, turn the picture by 180°", key: "g" },
    { keys: ["A"], what: "turn slowly", key: "a" },
    { keys: ["F"], what: "full screen", key: "f" },
    { keys: ["?"], what: "these keys" },
  ] as readonly { readonly keys: readonly string[]; readonly what: string; readonly key?: string }[],
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
  denied: "The device does not report its orientation.",
  enter: "Enter VR",
  leave: "Leave VR",
  noHeadset: (why: string): string => `The headset could not be used: ${why}`,
  projection: "Projection",
  projections: { perspective: "Perspective", planet: "Little planet", panini: "Panini", flat: "Flat" },
  compare: "Compare",
  compareNone: "Compare: off",
  comparisons: { swipe: "Swipe", blend: "Blend", side: "Side by side", blink: "Blink", difference: "Difference" },
  pair: ["First of the two", "Second of the two"],
  divider: "Position of the divider",
  opacity: "How much of the second one is seen",
  blended: (above: string, below: string): string => `${above} over ${below}`,
  first: "first",
  measuring: "Difference …",
  difference: (mean: number, times: number): string => `Mean difference ${mean.toFixed(2)} of 255, shown ${times} times as large`,
  seam: "Seam",
  jump: "Look at the cut",
  roll: "Turn by 180°",
  zenith: "Look straight up",
  nadir: "Look straight down",
  profile: "Difference of neighbouring columns across the cut",
  profileAxis: "Mean difference of neighbouring columns, of 255",
  profileAcross: (beside: number): [string, string, string] => [`${beside} to the left`, "the cut", `${beside} to the right`],
  /** A cut shows where it differs more than its surroundings: by twice as much it is plain, below a quarter more it is as any other place. */
  seamScore: (cut: number, score: number): string =>
    `${score <= 1.25 ? "The cut cannot be seen" : score <= 2 ? "The cut is faint" : "The cut shows"}: neighbouring columns differ by ${cut.toFixed(2)} of 255 across it, ${Number.isFinite(score) ? `${score.toFixed(2)} times as much as` : "and not at all"} beside it.`,
  poles: (top: number, bottom: number): string =>
    `Poles, mean distance of a row from its mean colour: ${top.toFixed(2)} at the top, ${bottom.toFixed(2)} at the bottom, of 255. 0 is a pole of one colour.`,
  keep: "Save / share",
  json: "State or link",
  jsonHint: "A copied link appears here. Paste a link or a state to go to it.",
  sizes: { width: "Width in pixels", height: "Height in pixels" },
  screenshot: "Save the view",
  crop: "Save the original pixels here",
  link: "Copy a link",
  copyState: "Copy the state",
  takeState: "Go to the pasted view",
  copied: "Copied.",
  taken: "Taken.",
  badLink: "The link's view does not fit this panorama.",
  saved: (name: string, bytes: number): string => `${name}, ${Math.ceil(bytes / 1000)} kB`,
  digits,
  windows: "Windows",
  lpips: "LPIPS to the anchor",
  windowHint: (count: number, anchor: number): string =>
    `${count} windows${anchor < 0 ? "" : `; the dashed white one, ${anchor}, is the anchor`}. Point at one for its numbers, click it for its curves; N and P step through them.`,
  windowAnchor: (step: number, j: number): string => `Step ${step}, window ${j}: the anchor.`,
  windowPlain: (step: number, j: number): string => `Step ${step}, window ${j}: not synchronised.`,
  windowNumbers: (step: number, j: number, loss: number, norm: number | undefined): string =>
    `Step ${step}, window ${j}: LPIPS ${digits(loss)} to the anchor${norm === undefined ? "" : `, gradient norm ${digits(norm)}`}.`,
  thumbnail: (j: number): string => `What window ${j} shows`,
  curveName: { loss: "Distance over the steps", gradientNorm: "Gradient norm over the steps" },
  curves: {
    loss: (first: number, last: number): string => `LPIPS to the anchor: ${digits(first)} first, ${digits(last)} last`,
    gradientNorm: (first: number, last: number): string => `Norm of its gradient: ${digits(first)} first, ${digits(last)} last`,
  },
  curveZero: {
    loss: "LPIPS to the anchor is 0 in every step: this is the anchor.",
    gradientNorm: "Its gradient is 0 in every step.",
  },
  step: "step",
  covered: (least: number, most: number): string =>
    least === most ? `Every place is covered by ${most} windows.` : `Places are covered by ${least} (dark) to ${most} (bright) windows.`,
  still: "This browser has no WebGL 2, so the picture stays still.",
  failed: "The picture could not be shown in the viewer, so it stays still.",
  scaled: (width: number, held: number): string => `${width} pixels wide; this graphics card allows ${held}, so it is shown scaled down.`,
  covers: ({ horizontal, vertical, edge }: Coverage): string =>
    edge === "wrap" ? `A full turn, ${whole(vertical)}° high.` : `Covers ${whole(horizontal)}° × ${whole(vertical)}°.`,
  view: ({ heading, pitch, fov }: ViewState): string => {
    const side = whole(heading) === 0 ? "ahead" : `${whole(heading)}° ${heading < 0 ? "left" : "right"}`;
    const height = whole(pitch) === 0 ? "" : `, ${whole(pitch)}° ${pitch < 0 ? "down" : "up"}`;
    return `${side}${height}, ${whole(fov)}° high`;
  },
} as const;
