/**
 * @file Shows the windows on the panorama: frames in the colour of their distance to the anchor, their numbers, and how often each place is
 * covered. Choosing a window in one viewer or figure of a run shows it in all.
 */
import type { StepNumbers } from "../../kernel-lib/runs/run-data.js";
import type { Core } from "./core.js";
import { make } from "./dom.js";
import { panel } from "./panel.js";
import { TEXTS } from "./texts.js";
import { coverageMap, curve, numbers, thumbnail } from "./window-facts.js";
import { innermost, outline, stroke } from "./window-frames.js";

/** The event on the document by which a run's figures and viewers show the same window. */
const CHOSEN = "veduta:window";

interface Chosen {
  readonly run: string;
  /** index into a step's windows; null: none */
  readonly window: number | null;
}

/** Adds the panel of the windows, if the panorama has them. */
export function windowTools(core: Core): void {
  const { windows: spec, coverage, run } = core.spec;
  if (!spec || coverage.projection === "cube") return;
  const { signal, canvas } = core;
  let [hovered, chosen] = [-1, -1];
  const [caption, detail, cover] = [make("p"), make("div", { className: "veduta-detail" }), make("div")];
  const [scale, top] = [make("i"), make("span")];
  const legend = make("div", { className: "veduta-legend" }, make("span", {}, "0"), scale, top, make("span", {}, TEXTS.lpips));
  scale.style.background = `linear-gradient(90deg,${spec.colours.join(",")})`;
  const look = panel(core, TEXTS.windows, "windows", () => [legend, caption, detail, cover]);

  /** the step of the shown picture */
  const shown = (): StepNumbers =>
    spec.steps[Math.min(spec.steps.length - 1, spec.stepOf[core.state().step ?? -1] ?? spec.steps.length - 1)];
  const frames = spec.steps[0].windows.map((window) => outline(core, spec, window));
  const colour = (j: number, { windows }: StepNumbers) => {
    const { loss } = windows[j];
    return loss === undefined ? "#bbb" : spec.colours[Math.round((loss / most(windows)) * (spec.colours.length - 1))];
  };
  /** the end of the colour scale: the shown step's largest distance, so that windows differ in late steps too */
  const most = (windows: StepNumbers["windows"]) => Math.max(...windows.map(({ loss = 0 }) => loss)) || 1;

  core.onDrawn((drawn) => {
    if (drawn.which !== 0) return; // the numbers belong to the viewer's own panorama
    const step = shown();
    const rank = (j: number) => (j === chosen ? 3 : j === hovered ? 2 : j === step.anchor ? 1 : 0);
    const order = look.isOpen() ? [...frames.keys()].sort((a, b) => rank(a) - rank(b)) : [chosen].filter((j) => j >= 0);
    const thin = Math.max(1, drawn.height / 320);
    for (const j of order) {
      const [strong, anchor] = [rank(j) > 0, j === step.anchor];
      stroke(drawn, frames[j], "rgb(0 0 0/.65)", thin * (strong ? 6 : 3.5), []);
      stroke(drawn, frames[j], anchor ? "#fff" : colour(j, step), thin * (strong ? 3.5 : 1.8), anchor ? [thin * 8, thin * 5] : []);
    }
  });

  const tell = () => {
    const step = shown();
    top.textContent = TEXTS.digits(most(step.windows));
    const j = hovered >= 0 ? hovered : chosen;
    caption.textContent = j < 0 ? TEXTS.windowHint(frames.length, step.anchor) : numbers(step, j);
  };
  const under = (event: MouseEvent): number => {
    const seen = core.seen(event);
    return seen?.which === 0 ? innermost(spec, core, seen) : -1;
  };
  const choose = async (j: number) => {
    if (j === chosen) return;
    chosen = j;
    tell();
    core.ask();
    if (j < 0) return detail.replaceChildren();
    core.say(numbers(shown(), j));
    const image = await core.image(0, core.state());
    if (chosen === j) detail.replaceChildren(thumbnail(image, spec, j), ...curve(spec, j));
  };
  /** Chooses a window, in this viewer and everywhere else the run is shown. */
  const pick = (j: number) => {
    if (run === undefined) void choose(j);
    else document.dispatchEvent(new CustomEvent<Chosen>(CHOSEN, { detail: { run, window: j < 0 ? null : j } }));
  };
  const follow = ({ detail: { run: of, window } }: CustomEvent<Chosen>) => {
    if (of === run) void choose(window !== null && window in frames ? window : -1);
  };
  if (run !== undefined) document.addEventListener(CHOSEN, follow as EventListener, { signal });

  const hover = (j: number) => {
    if (j === hovered) return;
    hovered = j;
    tell();
    core.ask();
  };
  let pressed: [number, number] = [0, 0];
  const on = <K extends "pointermove" | "pointerleave" | "pointerdown" | "click">(type: K, then: (event: HTMLElementEventMap[K]) => void) =>
    canvas.addEventListener(type, then, { signal });
  on("pointermove", (event) => look.isOpen() && event.buttons === 0 && hover(under(event)));
  on("pointerleave", () => hover(-1));
  on("pointerdown", (event) => {
    pressed = [event.clientX, event.clientY];
  });
  on("click", (event) => {
    if (look.isOpen() && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 5) pick(under(event));
  });
  core.keys.set("w", () => look.button.click());
  for (const [key, by] of [
    ["n", 1],
    ["p", -1],
  ] as const)
    core.keys.set(key, () => look.isOpen() && pick((Math.max(chosen, by > 0 ? -1 : 0) + by + frames.length) % frames.length));
  look.onOpen(() => {
    tell();
    core.ask();
    if (!cover.hasChildNodes()) cover.append(...coverageMap(spec));
  });
  look.onClose(() => {
    hovered = -1;
    if (chosen >= 0) pick(-1);
    core.ask();
  });
  core.onState(() => look.isOpen() && tell());
}
