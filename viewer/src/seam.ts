/** @file Inspects the cut of a closed panorama and the poles of a full sphere: buttons to look there, and measurements of the picture's pixels. */
import { chart } from "./chart.js";
import type { Core } from "./core.js";
import { make, textButton } from "./dom.js";
import { panel } from "./panel.js";
import { TEXTS } from "./texts.js";

/** Number of columns on each side of the cut in the profile. */
const BESIDE = 24;

/** The measurement of a cut. */
export interface SeamScore {
  /** mean |difference| of neighbouring columns, of 255, from BESIDE columns before the cut to BESIDE after it; the cut is in the middle */
  readonly profile: readonly number[];
  /** the cut's difference divided by the mean of the others; about 1 if the cut is invisible */
  readonly score: number;
}

/** Measures the cut. @param pixels RGBA of 2·BESIDE+2 columns across the cut */
export function seamScore({ data, width, height }: ImageData): SeamScore {
  const profile = Array.from({ length: width - 1 }, (_, x) => {
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let c = 0; c < 3; c++) sum += Math.abs(data[(y * width + x) * 4 + c] - data[(y * width + x + 1) * 4 + c]);
    return sum / height / 3;
  });
  const cut = profile[(profile.length - 1) / 2];
  const others = (profile.reduce((a, b) => a + b, 0) - cut) / (profile.length - 1);
  return { profile, score: others === 0 ? (cut === 0 ? 1 : Number.POSITIVE_INFINITY) : cut / others };
}

/** Mean distance of a pole's row from its mean colour, of 255. It should be 0, since a pole is one point. */
export function poleSpread({ data, width }: ImageData): number {
  let sum = 0;
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let x = 0; x < width; x++) mean += data[x * 4 + c] / width;
    for (let x = 0; x < width; x++) sum += Math.abs(data[x * 4 + c] - mean) / width / 3;
  }
  return sum;
}

/** Adds the panel of the cut and the poles. */
export function seamTools(core: Core): void {
  const { coverage } = core.spec;
  if (coverage.edge !== "wrap" || coverage.projection === "cube") return;
  const jump = () => core.set({ heading: -180, roll: 0, ...(core.state().projection === "planet" ? {} : { pitch: core.begin().pitch }) });
  const roll = () => core.set({ heading: core.state().heading + 180 });
  const out = make("div");
  const full = coverage.vertical >= 180;
  const look = panel(core, TEXTS.seam, "seam", () => [
    make(
      "div",
      { className: "veduta-row" },
      textButton(TEXTS.jump, jump),
      textButton(TEXTS.roll, roll),
      ...(full ? poleButtons(core) : []),
    ),
    out,
  ]);
  core.keys.set("g", jump);
  core.keys.set("r", roll);

  let shown = "";
  const measure = async () => {
    const image = await core.image(0, core.state());
    if (image.src === shown) return;
    shown = image.src;
    const { naturalWidth: width, naturalHeight: height } = image;
    const side = Math.min(BESIDE + 1, Math.floor(width / 2));
    const strip = pixels(side * 2, height, (pen) => {
      pen.drawImage(image, width - side, 0, side, height, 0, 0, side, height);
      pen.drawImage(image, 0, 0, side, height, side, 0, side, height);
    });
    const found = seamScore(strip);
    const middle = (found.profile.length - 1) / 2;
    out.replaceChildren(make("p", {}, TEXTS.seamScore(found.profile[middle], found.score)), profileChart(found));
    if (!full) return;
    const rows = [0, height - 1].map((y) => poleSpread(pixels(width, 1, (pen) => pen.drawImage(image, 0, y, width, 1, 0, 0, width, 1))));
    out.append(make("p", {}, TEXTS.poles(rows[0], rows[1])));
  };
  look.onOpen(() => void measure());
  core.onState(() => look.isOpen() && void measure());
}

const poleButtons = (core: Core): Node[] => [
  textButton(TEXTS.zenith, () => core.set({ pitch: 90 })),
  textButton(TEXTS.nadir, () => core.set({ pitch: -90 })),
];

function pixels(width: number, height: number, draw: (pen: OffscreenCanvasRenderingContext2D) => void): ImageData {
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  draw(pen);
  return pen.getImageData(0, 0, width, height);
}

/** A bar chart of the differences, the cut's bar in another colour. */
function profileChart({ profile }: SeamScore): HTMLElement {
  const middle = (profile.length - 1) / 2;
  const content = (y: (value: number) => number, wide: number, high: number) => {
    const pitch = wide / profile.length;
    const bar = (value: number, k: number) =>
      `<rect x="${(k + 0.15) * pitch}" y="${y(value)}" width="${pitch * 0.7}" height="${high - y(value)}"${k === middle ? ' class="cut"' : ""}/>`;
    return profile.map(bar).join("");
  };
  const { profile: name, profileAxis: caption, profileAcross } = TEXTS;
  return chart({ name, caption, most: Math.max(...profile, 1e-9), across: profileAcross(middle), content });
}
