/** @file A viewer in its root element: state, pictures, and drawing on demand. What is around the picture is its parts' affair. */
import type { PanoramaSpec } from "../../kernel-lib/notebook/figure.js";
import { cameraOf } from "./camera.js";
import { comparing } from "./compare.js";
import { listen } from "./controls.js";
import type { Core, Drawn, Which } from "./core.js";
import { deviceTool } from "./device.js";
import { furniture, projectionChoice, viewTools } from "./furniture.js";
import { crop, keepTools, screenshot } from "./keep.js";
import { createMotion } from "./motion.js";
import { createPictures, picture, type Wanted } from "./pictures.js";
import { projections } from "./projections.js";
import { seamTools } from "./seam.js";
import { leaveStage, stage } from "./stage.js";
import { changed, type ViewState } from "./state.js";
import { stepsBar } from "./steps.js";
import { style } from "./style.js";
import { TEXTS } from "./texts.js";

import { windowTools } from "./windows.js";

export interface Viewer {
  /** A snapshot of what is shown. Assign a whole or partial state, or one of its properties, to change it. @throws RangeError */
  get state(): ViewState;
  set state(change: Partial<ViewState>);
  /** Resolves when the picture on screen is the state's. */
  settled(): Promise<void>;
  /** The view as a PNG of any size. @throws RangeError */
  screenshot(size: { readonly width: number; readonly height: number }): Promise<Blob>;
  /** The picture's own pixels under the view, as a PNG. */
  crop(): Promise<Blob>;
  /** Gives back what the viewer holds and leaves the still picture. */
  dispose(): void;
}

export interface ViewerRoot extends HTMLElement {
  viewer?: Viewer;
}

/** The event on the root after each drawing. */
export const DRAWN = "veduta:drawn";

/**
 * Makes a root with an `<img>` live. Without WebGL the image stays and `root.dataset.state` is "still".
 * @returns the viewer, which is also the root's property `viewer`; null where it stays still
 */
export function mountPanorama(root: ViewerRoot, spec: PanoramaSpec): Viewer | null {
  const still = root.querySelector("img");
  if (!still) throw new Error("veduta: the root holds no <img>, which is the viewer's picture");
  style();
  const theatre = stage(ask);
  if (!theatre) {
    root.dataset.state = "still";
    root.title = TEXTS.still;
    return null;
  }
  const { coverage, steps = [], other } = spec;
  const ending = new AbortController();
  const { signal } = ending;
  const pictures = createPictures(theatre.surface);
  const begin: ViewState = {
    heading: 0,
    pitch: coverage.vertical >= 180 ? 0 : (coverage.centre ?? 0),
    roll: 0,
    fov: Math.min(75, Math.max(projections.perspective.range[0], coverage.vertical * 0.94)),
    projection: "perspective",
    step: steps.length > 0 ? steps.length - 1 : null,
    compare: null,
  };
  let state = begin;
  let drawn: ViewState | undefined;
  let frame = 0;
  let visible = true;

  const wanted = (which: Which, { step }: ViewState): Wanted => {
    if (which === "a" || !other) return { src: (step === null ? null : steps[step].src) ?? still.src, coverage };
    // Runs of other lengths: the step at the same share of the way.
    const theirs = other.steps ?? [];
    const at = step === null || steps.length < 2 ? theirs.length - 1 : Math.round((step / (steps.length - 1)) * (theirs.length - 1));
    return { src: theirs[at]?.src ?? other.src, coverage: other.coverage };
  };
  const both = (of: ViewState): Wanted[] => (of.compare === null ? [wanted("a", of)] : [wanted("a", of), wanted("b", of)]);
  const load = (of: ViewState) => Promise.all(both(of).map(pictures.load));
  const want = (of: ViewState) =>
    void load(of).then(
      () => !signal.aborted && ask(),
      () => {
        root.dataset.state = "still";
        root.title = TEXTS.failed;
      },
    );

  const starters: (() => void)[] = [];
  const [painters, followers, hands]: [((drawn: Drawn) => void)[], ((state: ViewState) => void)[], (() => void)[]] = [[], [], []];
  const ui = furniture(root, still.alt, spec);
  const { canvas } = ui;
  const pen = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;

  const core: Core = {
    root,
    spec,
    name: still.alt,
    canvas,
    tools: ui.tools,
    bar: ui.bar,
    panels: ui.panels,
    signal,
    begin,
    keys: new Map(),
    state: () => state,
    set,
    ask,
    camera: () => cameraOf(state),
    onStart: (then) => void starters.push(then),
    onState: (then) => void followers.push(then),
    onDrawn: (paint) => void painters.push(paint),
    onHand: (then) => void hands.push(then),
    hand() {
      for (const then of hands) then();
    },
    shot(which, of, width, height) {
      const surface = pictures.ready(wanted(which, of));
      if (!surface || !theatre) return undefined;
      if (surface.held < surface.width) ui.notice(TEXTS.scaled(surface.width, surface.held));
      const background = getComputedStyle(root).backgroundColor;
      return theatre.draw({ state: of, surface, coverage: wanted(which, of).coverage, background, width, height });
    },
    image: (which, of) => picture(wanted(which, of).src),
    load,
    say: ui.say,
  };
  const compose = comparing(core);

  function ask(): void {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (visible || drawn === undefined) draw();
    });
  }
  function draw(): void {
    cancelAnimationFrame(frame);
    frame = 0;
    if (signal.aborted) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0 || height === 0 || both(state).some((one) => !pictures.ready(one))) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    compose(pen, width, height);
    const now: Drawn = { pen, camera: cameraOf(state), state, width, height };
    for (const paint of painters) paint(now);
    drawn = state;
    if (root.dataset.state !== "live") root.dataset.state = "live";
    root.dispatchEvent(new CustomEvent(DRAWN));
    if (!visible) pictures.release(); // the canvas keeps the picture
  }
  function set(change: Partial<ViewState>): void {
    state = changed(state, change, { steps: steps.length, pair: other ? "pair" : "alone" });
    if (visible || drawn === undefined) want(state);
    ui.show(state);
    for (const then of followers) then(state);
  }

  listen(core, createMotion(core));
  for (const part of [deviceTool, viewTools, projectionChoice, stepsBar, windowTools, seamTools, keepTools]) part(core);
  const sizes = new ResizeObserver(ask);
  sizes.observe(canvas);
  const sight = new IntersectionObserver(([entry]) => {
    if (visible === entry.isIntersecting) return;
    visible = entry.isIntersecting;
    if (visible) want(state);
    else if (drawn) pictures.release();
  });
  sight.observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => want(state), { signal });

  const viewer: Viewer = {
    get state() {
      return snapshot(state, set);
    },
    set state(change) {
      set(change);
    },
    async settled() {
      for (let goal = state; drawn !== goal; goal = state) {
        await load(goal);
        draw();
        if (drawn !== state) await shown(); // no size yet, or changed while loading
      }
      await shown();
    },
    screenshot: ({ width, height }) => screenshot(core, width, height),
    crop: () => crop(core),
    dispose() {
      ending.abort();
      cancelAnimationFrame(frame);
      sizes.disconnect();
      sight.disconnect();
      leaveStage(ask);
      pictures.release();
      ui.remove();
      delete root.dataset.state;
      delete root.viewer;
    },
  };
  root.viewer = viewer;
  set(spec.state ?? {});
  for (const start of starters) start();
  return viewer;
}

/** Values as they were, and setters that change the viewer: `viewer.state.heading = 30` works as `viewer.state = { heading: 30 }` does. */
function snapshot(state: ViewState, set: (change: Partial<ViewState>) => void): ViewState {
  const taken = {} as ViewState;
  for (const key of Object.keys(state) as (keyof ViewState)[])
    Object.defineProperty(taken, key, { enumerable: true, get: () => state[key], set: (value) => set({ [key]: value }) });
  return Object.seal(taken);
}

/** The next frame, or soon in a page that is not visible, where no frame comes. */
const shown = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });
