/** @file A viewer in its root element: state, pictures, drawing on demand, and the few things around the picture. */
import type { PanoramaSpec } from "../../kernel-lib/notebook/figure.js";
import { listen, move } from "./controls.js";
import { leaveStage, type Surface, stage } from "./stage.js";
import { changed, FOV_MAX, FOV_MIN, type ViewState } from "./state.js";
import { style } from "./style.js";
import { TEXTS } from "./texts.js";

export interface Viewer {
  /** A snapshot of what is shown. Assign a whole or partial state, or one of its properties, to change it. @throws RangeError */
  get state(): ViewState;
  set state(change: Partial<ViewState>);
  /** Resolves when the picture on screen is the state's. */
  settled(): Promise<void>;
  /** Gives back what the viewer holds and leaves the still picture. */
  dispose(): void;
}

/** The event on the root after each drawing. */
export const DRAWN = "veduta:drawn";

/**
 * Makes a root with an `<img>` live. Without WebGL the image stays and `root.dataset.state` is "still".
 * @returns the viewer, which is also the root's property `viewer`; null where it stays still
 */
export function mountPanorama(root: HTMLElement, spec: PanoramaSpec): Viewer | null {
  const still = root.querySelector("img");
  if (!still) throw new Error("veduta: the root holds no <img>, which is the viewer's picture");
  style();
  const theatre = stage(ask);
  if (!theatre) {
    root.dataset.state = "still";
    root.title = TEXTS.still;
    return null;
  }
  const { coverage, steps = [] } = spec;
  const begin: ViewState = {
    heading: 0,
    pitch: 0,
    roll: 0,
    fov: Math.min(FOV_MAX, Math.max(FOV_MIN, Math.min(75, coverage.vertical * 0.94))),
    projection: "perspective",
    step: steps.length > 0 ? steps.length - 1 : null,
    compare: null,
  };
  let state = begin;
  let frame = 0;
  let drawn: ViewState | undefined;
  let lasting = true;

  const ui = furniture(root, still.alt, spec);
  const canvas = ui.canvas;
  const pen = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;

  // Pictures, loaded when first shown; the neighbours of a shown step are loaded ahead.
  const surfaces = new Map<string, Promise<Surface>>();
  const ready = new Map<string, Surface>();
  const sourceOf = (step: number | null) => (step === null ? null : steps[step].src) ?? still.src;
  const load = (src: string) => {
    const known = surfaces.get(src);
    if (known) return known;
    const loading = picture(src).then((image) => {
      const surface = theatre.surface(image, coverage);
      if (lasting) ready.set(src, surface);
      else surface.dispose();
      return surface;
    });
    surfaces.set(src, loading);
    loading.then(ask, () => fail());
    return loading;
  };
  const fail = () => {
    root.dataset.state = "still";
    root.title = TEXTS.failed;
  };

  function ask(): void {
    frame ||= requestAnimationFrame(draw);
  }
  function draw(): void {
    cancelAnimationFrame(frame);
    frame = 0;
    if (!lasting || !theatre) return;
    const surface = ready.get(sourceOf(state.step));
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!surface || width === 0 || height === 0) return;
    const background = getComputedStyle(root).backgroundColor;
    theatre.draw(pen, { state, surface, coverage, background, width, height });
    drawn = state;
    if (root.dataset.state !== "live") root.dataset.state = "live";
    root.dispatchEvent(new CustomEvent(DRAWN));
  }
  function set(change: Partial<ViewState>): void {
    state = changed(state, change, steps.length);
    const src = sourceOf(state.step);
    void load(src);
    if (state.step !== null) for (const near of [state.step + 1, state.step - 1]) if (steps[near]) void load(sourceOf(near));
    ui.show(state);
    ask();
  }

  const handled = { state: () => state, coverage, change: set, reset: () => set({ ...begin, step: state.step }) };
  ui.connect({
    zoom: (factor) => move(handled, canvas, { zoom: factor }),
    reset: handled.reset,
    step: (step) => set({ step }),
  });
  const deaf = listen(canvas, handled);
  const sizes = new ResizeObserver(ask);
  sizes.observe(canvas);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", ask);

  const viewer: Viewer = {
    get state() {
      return snapshot(state, set);
    },
    set state(change) {
      set(change);
    },
    async settled() {
      for (let wanted = state; drawn !== wanted; wanted = state) {
        await load(sourceOf(wanted.step));
        draw();
        if (drawn !== state) await shown(); // no size yet, or changed while loading
      }
      await shown();
    },
    dispose() {
      lasting = false;
      cancelAnimationFrame(frame);
      deaf();
      sizes.disconnect();
      scheme.removeEventListener("change", ask);
      leaveStage(ask);
      for (const surface of ready.values()) surface.dispose();
      ui.remove();
      delete root.dataset.state;
      delete (root as ViewerRoot).viewer;
    },
  };
  (root as ViewerRoot).viewer = viewer;
  set({});
  return viewer;
}

export interface ViewerRoot extends HTMLElement {
  viewer?: Viewer;
}

/** Values as they were, and setters that change the viewer: `viewer.state.heading = 30` works as `viewer.state = { heading: 30 }` does. */
function snapshot(state: ViewState, set: (change: Partial<ViewState>) => void): ViewState {
  const taken = {} as ViewState;
  for (const key of Object.keys(state) as (keyof ViewState)[])
    Object.defineProperty(taken, key, { enumerable: true, get: () => state[key], set: (value) => set({ [key]: value }) });
  return Object.seal(taken);
}

/** The image of a source, decoded. Never the page's own `<img>`, whose `width` is that of its box, which three.js takes for the picture's. */
async function picture(src: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = src;
  await image.decode();
  return image;
}

/** The next frame, or soon in a page that is not visible, where no frame comes. */
const shown = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });

const ICONS = {
  zoomOut: "M3 8h10",
  zoomIn: "M3 8h10M8 3v10",
  reset: "M3.2 6.2a5.2 5.2 0 1 1-.3 3M3 2.6v3.7h3.7",
  fullScreen: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
} as const;

interface Hands {
  readonly zoom: (factor: number) => void;
  readonly reset: () => void;
  readonly step: (step: number) => void;
}

/** The canvas, the tools in a corner, the note of where one looks, and the scrubber of the steps. */
function furniture(root: HTMLElement, alt: string, { steps = [] }: PanoramaSpec) {
  const canvas = make("canvas", { tabIndex: 0, role: "application", ariaLabel: `${alt}. ${TEXTS.keys}`, ariaRoleDescription: TEXTS.kind });
  const note = make("div", { className: "veduta-note", ariaHidden: "true" });
  const said = make("div", { className: "veduta-said", role: "status" });
  const tools = make("div", { className: "veduta-tools" });
  const stageBox = make("div", { className: "veduta-stage" });
  stageBox.append(canvas, note, tools, said);
  const scrubber = make("input", { type: "range", min: "0", max: String(steps.length - 1), ariaLabel: TEXTS.steps });
  const label = make("output", {});
  const bar = make("div", { className: "veduta-steps" });
  bar.append(scrubber, label);
  const parts = steps.length > 1 ? [stageBox, bar] : [stageBox];
  root.append(...parts);
  let quiet = 0;
  let before: ViewState | undefined;
  return {
    canvas,
    connect({ zoom, reset, step }: Hands): void {
      const acts = { zoomOut: () => zoom(1.2), zoomIn: () => zoom(1 / 1.2), reset, fullScreen: () => void fullScreen(root) };
      for (const [name, act] of Object.entries(acts) as [keyof typeof acts, () => void][]) {
        if (name === "fullScreen" && !document.fullscreenEnabled) continue;
        const button = make("button", { type: "button", title: TEXTS[name], ariaLabel: TEXTS[name] });
        button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
        button.addEventListener("click", act);
        tools.append(button);
      }
      scrubber.addEventListener("input", () => step(Number(scrubber.value)));
    },
    show(state: ViewState): void {
      if (state.step !== null) {
        scrubber.value = String(state.step);
        label.value = steps[state.step].label;
        scrubber.ariaValueText = steps[state.step].label;
      }
      note.textContent = TEXTS.view(state.heading, state.fov);
      const moved = before && (before.heading !== state.heading || before.pitch !== state.pitch || before.fov !== state.fov);
      before = state;
      if (!moved) return;
      note.dataset.shown = "";
      clearTimeout(quiet);
      quiet = window.setTimeout(() => {
        delete note.dataset.shown;
        said.textContent = note.textContent;
      }, 1200);
    },
    remove(): void {
      clearTimeout(quiet);
      for (const part of parts) part.remove();
    },
  };
}

const fullScreen = (root: HTMLElement): Promise<void> =>
  document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();

const make = <K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]>): HTMLElementTagNameMap[K] =>
  Object.assign(document.createElement(tag), properties);
