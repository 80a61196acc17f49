/** @file The windows on the panorama: their frames in the colour of their distance to the anchor, their numbers, and how often each place is covered. */

import type { WindowsSpec } from "../../kernel-lib/notebook/figure.js";
import type { StepNumbers } from "../../kernel-lib/notebook/run-data.js";
import type { Core, Drawn } from "./core.js";
import { make } from "./dom.js";
import { panel } from "./panel.js";
import { TEXTS } from "./texts.js";
import { coverageMap, curve, numbers, thumbnail } from "./window-facts.js";

/** Points along each side of a frame: it bends with the projection. */
const BENDS = 24;

interface Place {
  readonly heading: number;
  readonly pitch: number;
}

export function windowTools(core: Core): void {
  const { windows: spec, coverage } = core.spec;
  if (!spec || coverage.projection === "cube") return;
  let [hovered, chosen] = [-1, -1];
  const [told, detail, cover] = [make("p"), make("div", { className: "veduta-detail" }), make("div")];
  const [scale, top] = [make("i"), make("span")];
  const legend = make("div", { className: "veduta-legend" }, make("span", {}, "0"), scale, top, make("span", {}, TEXTS.lpips));
  scale.style.background = `linear-gradient(90deg,${spec.colours.join(",")})`;
  const look = panel(core, TEXTS.windows, "windows", () => [legend, told, detail, cover]);
  const isOn = () => look.isOpen();

  /** the step whose numbers the shown picture goes with */
  const shown = (): StepNumbers =>
    spec.steps[Math.min(spec.steps.length - 1, spec.stepOf[core.state().step ?? -1] ?? spec.steps.length - 1)];
  const frames = spec.steps[0].windows.map((window) => outline(core, spec, window));
  const colour = (j: number, { windows }: StepNumbers) => {
    const { loss } = windows[j];
    return loss === undefined ? "#bbb" : spec.colours[Math.round((loss / most(windows)) * (spec.colours.length - 1))];
  };
  /** the scale's end: the shown step's largest distance, so that late steps, all near, still tell their windows apart */
  const most = (windows: StepNumbers["windows"]) => Math.max(...windows.map(({ loss = 0 }) => loss)) || 1;

  core.onDrawn((drawn) => {
    if (!isOn()) return;
    const step = shown();
    const order = frames.map((_, j) => j).sort((a, b) => rank(a) - rank(b));
    const thin = Math.max(1, drawn.height / 320);
    for (const j of order) {
      const strong = j === step.anchor || j === hovered || j === chosen;
      stroke(drawn, frames[j], "rgb(0 0 0/.65)", thin * (strong ? 6 : 3.5), []);
      stroke(
        drawn,
        frames[j],
        j === step.anchor ? "#fff" : colour(j, step),
        thin * (strong ? 3.5 : 1.8),
        j === step.anchor ? [thin * 8, thin * 5] : [],
      );
    }
    function rank(j: number) {
      return j === chosen ? 3 : j === hovered ? 2 : j === step.anchor ? 1 : 0;
    }
  });

  const tell = () => {
    const step = shown();
    top.textContent = TEXTS.digits(most(step.windows));
    const j = hovered >= 0 ? hovered : chosen;
    told.textContent = j < 0 ? TEXTS.windowHint(frames.length, step.anchor) : numbers(step, j);
  };
  const at = (event: MouseEvent): number => {
    const box = core.canvas.getBoundingClientRect();
    const seen = core
      .camera()
      .look([((event.clientX - box.left) * 2 - box.width) / box.height, 1 - ((event.clientY - box.top) * 2) / box.height]);
    return seen ? innermost(spec, core, seen) : -1;
  };
  const choose = async (j: number) => {
    chosen = j;
    tell();
    core.ask();
    if (j < 0) return detail.replaceChildren();
    core.say(numbers(shown(), j));
    const image = await core.image("a", core.state());
    if (chosen === j) detail.replaceChildren(thumbnail(image, spec, j), ...curve(spec, j));
  };
  let pressed: [number, number] = [0, 0];
  const { signal } = core;
  core.canvas.addEventListener(
    "pointermove",
    (event) => {
      if (!isOn() || event.buttons > 0) return;
      const over = at(event);
      if (over === hovered) return;
      hovered = over;
      tell();
      core.ask();
    },
    { signal },
  );
  core.canvas.addEventListener(
    "pointerleave",
    () => {
      hovered = -1;
      if (isOn()) core.ask();
    },
    { signal },
  );
  core.canvas.addEventListener(
    "pointerdown",
    (event) => {
      pressed = [event.clientX, event.clientY];
    },
    { signal },
  );
  core.canvas.addEventListener(
    "click",
    (event) => {
      if (isOn() && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 5) void choose(at(event));
    },
    { signal },
  );
  core.keys.set("w", () => look.button.click());
  for (const [key, by] of [
    ["n", 1],
    ["p", -1],
  ] as const)
    core.keys.set(key, () => isOn() && void choose((chosen + by + frames.length) % frames.length));
  look.onOpen(() => {
    tell();
    core.ask();
    if (!cover.hasChildNodes()) cover.append(...coverageMap(spec));
  });
  look.button.addEventListener("click", () => core.ask());
  core.onState(() => isOn() && tell());
}

/** The border of a window, as directions; its corners lie on the picture's columns and rows. */
function outline(core: Core, { width, height }: WindowsSpec, window: StepNumbers["windows"][number]): Place[] {
  const place = (x: number, y: number) => direction(core, x / width, y / height);
  const { left, top } = window;
  const [right, bottom] = [left + window.width, top + window.height];
  const along = Array.from({ length: BENDS }, (_, k) => k / BENDS);
  return [
    ...along.map((t) => place(left + t * window.width, top)),
    ...along.map((t) => place(right, top + t * window.height)),
    ...along.map((t) => place(right - t * window.width, bottom)),
    ...along.map((t) => place(left, bottom - t * window.height)),
    place(left, top),
  ];
}

/** Of a point of the picture, in shares of its width and height. */
function direction({ spec: { coverage } }: Core, u: number, v: number): Place {
  const { projection, horizontal, vertical, centre = 0 } = coverage;
  const up = 0.5 - v;
  const pitch =
    projection === "cylinder" ? (Math.atan(up * 2 * Math.tan((vertical * Math.PI) / 360)) * 180) / Math.PI : centre + up * vertical;
  return { heading: (u - 0.5) * horizontal, pitch };
}

/** The window whose middle is nearest to a direction, of those that hold it; -1 where none does. */
function innermost({ steps, width, height }: WindowsSpec, { spec: { coverage } }: Core, { heading, pitch }: Place): number {
  const { projection, horizontal, vertical, edge, centre = 0 } = coverage;
  const up =
    projection === "cylinder" ? Math.tan((pitch * Math.PI) / 180) / Math.tan((vertical * Math.PI) / 360) / 2 : (pitch - centre) / vertical;
  const round = ((((heading + 180) % 360) + 360) % 360) - 180;
  const [x, y] = [(round / horizontal + 0.5) * width, (0.5 - up) * height];
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  for (const [j, window] of steps[0].windows.entries()) {
    let dx = x - (window.left + window.width / 2);
    if (edge === "wrap") dx -= Math.round(dx / width) * width;
    const dy = y - (window.top + window.height / 2);
    if (Math.abs(dx) > window.width / 2 || Math.abs(dy) > window.height / 2) continue;
    const far = Math.hypot(dx / window.width, dy / window.height);
    if (far < least) [best, least] = [j, far];
  }
  return best;
}

/** A line through directions; broken where it leaves the plane or jumps across it. */
function stroke({ pen, camera, width, height }: Drawn, line: readonly Place[], colour: string, wide: number, dash: number[]): void {
  pen.beginPath();
  let before: readonly [number, number] | undefined;
  for (const { heading, pitch } of line) {
    const at = camera.find(heading, pitch);
    const point = at && ([((at[0] * height) / width + 1) * 0.5 * width, (1 - at[1]) * 0.5 * height] as const);
    const far = point && (Math.abs(point[0]) > 6 * width || Math.abs(point[1]) > 6 * height);
    if (point && before && !far && Math.hypot(point[0] - before[0], point[1] - before[1]) < width * 0.7) pen.lineTo(...point);
    else if (point) pen.moveTo(...point);
    before = far ? undefined : point;
  }
  pen.setLineDash(dash);
  pen.strokeStyle = colour;
  pen.lineWidth = wide;
  pen.lineJoin = "round";
  pen.stroke();
  pen.setLineDash([]);
}
