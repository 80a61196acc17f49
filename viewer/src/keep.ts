/** @file What a user can save: a screenshot at any size, the source pixels under the view, a link, and the state as JSON. */
import { turn } from "../../kernel-lib/panorama/angles.js";
import { planePoint } from "../../kernel-lib/panorama/plane.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import { cameraOf } from "./camera.js";
import type { Core } from "./core.js";
import { make, textButton } from "./dom.js";
import { panel } from "./panel.js";
import { TEXTS } from "./texts.js";

/** The crop is found from PROBES × PROBES points of the view. */
const PROBES = 33;
/** Maximum side of a screenshot in pixels. */
const LARGEST = 8192;

/** The view as a PNG of any size, with the same vertical field of view. */
export async function screenshot(core: Core, width: number, height: number): Promise<Blob> {
  for (const [name, side] of [
    ["width", width],
    ["height", height],
  ] as const)
    if (!Number.isInteger(side) || side < 1 || side > LARGEST)
      throw new RangeError(`viewer.screenshot: got ${name} ${side}, want a whole number from 1 to ${LARGEST}`);
  await core.load(core.state());
  const pen = new OffscreenCanvas(width, height).getContext("2d", { alpha: false }) as OffscreenCanvasRenderingContext2D;
  core.paint(pen, width, height);
  return pen.canvas.convertToBlob({ type: "image/png" });
}

/** The source's pixels in the smallest upright rectangle around what the view shows; two pieces are joined if it passes the cut. */
export async function crop(core: Core): Promise<Blob> {
  const image = await core.image(0, core.state());
  const { left, top, width, height } = cropRectangle(core, image.naturalWidth, image.naturalHeight);
  const pen = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
  pen.drawImage(image, -left, -top);
  if (left + width > image.naturalWidth) pen.drawImage(image, image.naturalWidth - left, -top);
  return pen.canvas.convertToBlob({ type: "image/png" });
}

/** The crop's rectangle in pixels of a picture. If `left` + `width` exceeds the picture's width, it continues at the left. */
export function cropRectangle(
  core: Pick<Core, "spec" | "state"> & { readonly canvas: Pick<HTMLCanvasElement, "width" | "height"> },
  wide: number,
  high: number,
): { left: number; top: number; width: number; height: number } {
  const { coverage } = core.spec;
  if (coverage.projection === "cube") return { left: 0, top: 0, width: wide, height: high };
  const camera = cameraOf(core.state());
  const aspect = core.canvas.width / Math.max(1, core.canvas.height);
  const { heading } = core.state();
  const [us, vs]: [number[], number[]] = [[], []];
  for (let i = 0; i < PROBES; i++)
    for (let j = 0; j < PROBES; j++) {
      const seen = camera.look([((i / (PROBES - 1)) * 2 - 1) * aspect, (j / (PROBES - 1)) * 2 - 1]);
      if (!seen) continue;
      const aside = turn(seen.heading - heading); // relative to the view's middle, so that the cut does not split it
      const [u, v] = planePoint(coverage, { heading: heading + aside, pitch: seen.pitch });
      us.push(u);
      vs.push(v);
    }
  const [top, bottom] = [clamp01(Math.min(...vs)), clamp01(Math.max(...vs))].map((v) => Math.round(v * high));
  const [from, to] = [Math.min(...us), Math.max(...us)];
  const [left, right] = coverage.edge === "wrap" ? [from, Math.min(to, from + 1)] : [clamp01(from), clamp01(to)];
  const start = coverage.edge === "wrap" ? ((left % 1) + 1) % 1 : left;
  return {
    left: Math.round(start * wide),
    top: Math.min(top, high - 1),
    width: Math.max(1, Math.round((right - left) * wide)),
    height: Math.max(1, bottom - top),
  };
}

const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));

/** The state in a link's hash, `#veduta-ID={…}`; undefined if the page's address has none for this viewer. */
export function linkedState(id: string): Partial<ViewState> | undefined {
  const found = new URLSearchParams(location.hash.slice(1)).get(`veduta-${id}`);
  if (found === null) return undefined;
  try {
    return JSON.parse(found) as Partial<ViewState>;
  } catch {
    return undefined;
  }
}

/** The page's address with this viewer's state in its hash; the states of other viewers are kept. */
export function link(core: Core): string {
  const hash = new URLSearchParams(location.hash.slice(1));
  hash.set(`veduta-${core.root.id}`, JSON.stringify(core.state()));
  return `${location.href.split("#")[0]}#${hash}`;
}

/** Adds the panel for screenshots, links and states. */
export function keepTools(core: Core): void {
  const text = make("textarea", { rows: 3, spellcheck: false, ariaLabel: TEXTS.json, placeholder: TEXTS.jsonHint });
  const sizes = ["width", "height"].map((name, k) =>
    make("input", {
      type: "number",
      min: "1",
      max: String(LARGEST),
      value: String([1920, 1080][k]),
      ariaLabel: TEXTS.sizes[name as "width" | "height"],
    }),
  );
  const answer = make("p", { role: "status" });
  const attempt = (act: () => Promise<string> | string) => async () => {
    try {
      answer.textContent = await act();
    } catch (error) {
      answer.textContent = (error as Error).message;
    }
  };
  const save = (name: string, made: () => Promise<Blob>) =>
    attempt(async () => {
      const blob = await made();
      const url = URL.createObjectURL(blob);
      make("a", { href: url, download: `${name}.png` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      return TEXTS.saved(`${name}.png`, blob.size);
    });
  const copy = (made: () => string) =>
    attempt(async () => {
      text.value = made();
      text.select();
      await navigator.clipboard.writeText(text.value);
      return TEXTS.copied;
    });
  panel(core, TEXTS.keep, "keep", () => [
    make(
      "div",
      { className: "veduta-row" },
      sizes[0],
      "×",
      sizes[1],
      textButton(
        TEXTS.screenshot,
        save("veduta-view", () => screenshot(core, sizes[0].valueAsNumber, sizes[1].valueAsNumber)),
      ),
      textButton(
        TEXTS.crop,
        save("veduta-crop", () => crop(core)),
      ),
    ),
    text,
    make(
      "div",
      { className: "veduta-row" },
      textButton(
        TEXTS.link,
        copy(() => link(core)),
      ),
      textButton(
        TEXTS.copyState,
        copy(() => JSON.stringify(core.state())),
      ),
      textButton(
        TEXTS.takeState,
        attempt(() => {
          core.set(JSON.parse(text.value) as Partial<ViewState>);
          return TEXTS.taken;
        }),
      ),
    ),
    answer,
  ]);
  const follow = () => {
    const linked = linkedState(core.root.id);
    try {
      if (linked) core.set(linked);
    } catch {
      core.say(TEXTS.badLink); // the link is for another picture: the view does not change
    }
  };
  addEventListener("hashchange", follow, { signal: core.signal });
  core.onStart(follow);
}
