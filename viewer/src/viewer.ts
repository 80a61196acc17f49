/** @file A viewer in its root element: its state, its pictures, and drawing on demand. Other files add the controls. */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { changed, type ViewState } from "../../kernel-lib/panorama/view-state.js";
import { createChrome, projectionChoice, viewTools } from "./chrome.js";
import { collect } from "./collection.js";
import { comparing } from "./compare.js";
import { listen } from "./controls.js";
import type { Core, Drawn, Pane, Pen } from "./core.js";
import { deviceTool } from "./device.js";
import { ahead, aspectOf, firstView, sizeOf } from "./first-view.js";
import { headsetTool } from "./headset.js";
import { helpPanel } from "./help.js";
import { crop, keepTools, screenshot } from "./keep.js";
import { createMotion } from "./motion.js";
import { createPace } from "./pace.js";
import { DRAWN, type Viewer, type ViewerRoot } from "./page-viewer.js";
import { overPanes, seenIn } from "./panes.js";
import { createPictures, picture } from "./pictures.js";
import { leaveRenderer, pageRenderer } from "./renderer.js";
import { onScheme, schemeAt } from "./scheme.js";
import { seamTools } from "./seam.js";
import { snapshot, tellState, turned } from "./state.js";
import { stepsBar } from "./steps.js";
import { style } from "./style.js";
import { TEXTS } from "./texts.js";
import { windowTools } from "./windows.js";

/** Milliseconds after which a view that was drawn with fewer pixels, as it moved, is drawn with all. */
const REST = 160;

/**
 * Makes a viewer in a root with an `<img>`. Without WebGL the image stays and `root.dataset.state` is "still".
 * @returns the viewer, which is also the root's property `viewer`; null without WebGL
 */
export function mountPanorama(root: ViewerRoot, spec: PanoramaSpec): Viewer | null {
  const still = root.querySelector("img");
  if (!still) throw new Error("veduta: the root holds no <img>, which is the viewer's picture");
  style();
  const renderer = pageRenderer(ask);
  if (!renderer) {
    root.dataset.state = "still";
    root.title = TEXTS.still;
    return null;
  }
  const { coverage } = spec;
  const collection = collect(spec, still.src);
  const { steps, panoramas } = collection;
  const ending = new AbortController();
  const { signal } = ending;
  const pictures = createPictures(renderer.surface, panoramas);
  const chrome = createChrome(root, still.alt, spec);
  const { canvas } = chrome;
  let begin: ViewState = {
    ...ahead(coverage, aspectOf(canvas)),
    step: steps > 0 ? steps - 1 : null,
    compare: null,
    ...(panoramas > 2 ? { pair: [0, 1] as const } : {}),
  };
  let state = begin;
  let drawn: ViewState | undefined;
  let [frame, rest] = [0, 0];
  let visible = true;
  let first: "open" | "chosen" = "open"; // whether the first view is still the viewer's to choose
  let scale = 1; // of the frame that is drawn
  const pace = createPace(renderer.finish);

  const load = async (of: ViewState) => {
    const [{ width }] = await Promise.all(collection.shown(of).map(pictures.load));
    if (first === "chosen" || signal.aborted) return;
    first = "chosen";
    const { fov, projection } = firstView(coverage, width, sizeOf(canvas));
    begin = { ...begin, fov, projection };
    state = { ...state, fov, projection };
    told("viewer");
  };
  const want = (of: ViewState) =>
    void load(of).then(
      () => !signal.aborted && ask(),
      () => {
        root.dataset.state = "still";
        root.title = TEXTS.failed;
      },
    );

  const starters: (() => void)[] = [];
  const [painters, followers, inputs]: [((drawn: Drawn) => void)[], ((state: ViewState) => void)[], (() => void)[]] = [[], [], []];
  const pen = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;

  const core: Core = {
    root,
    spec,
    name: still.alt,
    canvas,
    tools: chrome.tools,
    bar: chrome.bar,
    panels: chrome.panels,
    signal,
    begin: () => begin,
    keys: new Map(),
    state: () => state,
    set,
    ask,
    seen: (at) => seenIn(canvas, panes, state, at),
    onStart: (then) => void starters.push(then),
    onState: (then) => void followers.push(then),
    onDrawn: (paint) => void painters.push(paint),
    onInput: (then) => void inputs.push(then),
    input() {
      for (const then of inputs) then();
    },
    renderer,
    scene(which, of) {
      const picture = collection.picture(which, of);
      const surface = pictures.ready(picture);
      if (!surface) return undefined;
      if (surface.held < surface.width) chrome.notice(TEXTS.scaled(surface.width, surface.held));
      return { surface, coverage: picture.coverage, background: getComputedStyle(root).backgroundColor };
    },
    shot(which, of, width, height) {
      const scene = core.scene(which, of);
      return scene && renderer.draw(scene, { state: of, width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
    },
    paint,
    image: (which, of) => picture(collection.picture(which, of).src),
    load,
    say: chrome.say,
  };
  const compose = comparing(core);
  let panes: readonly Pane[] = [];

  function paint(onto: Pen, width: number, height: number): readonly Pane[] {
    const shown = compose(onto, width, height);
    overPanes(onto, height, shown, state, (now) => {
      for (const over of painters) over(now);
    });
    return shown;
  }
  function ask(): void {
    frame ||= requestAnimationFrame((now) => {
      frame = 0;
      if (visible || drawn === undefined) draw(drawn && turned(drawn, state) ? pace.moved(now) : 1);
    });
  }
  function draw(of = 1): void {
    cancelAnimationFrame(frame);
    clearTimeout(rest);
    frame = 0;
    if (signal.aborted) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0 || height === 0 || collection.shown(state).some((one) => !pictures.ready(one))) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    scale = of;
    panes = pace.timed(of, () => paint(pen, width, height));
    scale = 1;
    if (of < 1) rest = window.setTimeout(ask, REST);
    drawn = state;
    if (root.dataset.state !== "live") root.dataset.state = "live";
    root.dispatchEvent(new CustomEvent(DRAWN));
    if (!visible) pictures.release(); // the canvas keeps the picture
  }
  function set(change: Partial<ViewState>): void {
    if ("fov" in change || "projection" in change) first = "chosen";
    state = changed(state, change, collection);
    if (visible || drawn === undefined) want(state);
    told("user");
  }
  function told(by: "user" | "viewer"): void {
    chrome.show(state, by);
    for (const then of followers) then(state);
    tellState(root);
  }

  listen(core, createMotion(core));
  for (const part of [deviceTool, viewTools, headsetTool, projectionChoice, stepsBar, windowTools, seamTools, keepTools, helpPanel])
    part(core);
  const sizes = new ResizeObserver(ask);
  sizes.observe(canvas);
  const sight = new IntersectionObserver(([entry]) => {
    if (visible === entry.isIntersecting) return;
    visible = entry.isIntersecting;
    if (visible) want(state);
    else if (drawn) pictures.release();
  });
  sight.observe(root);
  const applyScheme = () => {
    const scheme = schemeAt(root.parentElement ?? root);
    if (root.dataset.scheme === scheme) return;
    root.dataset.scheme = scheme;
    want(state);
  };
  onScheme(applyScheme, signal);

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
      clearTimeout(rest);
      sizes.disconnect();
      sight.disconnect();
      leaveRenderer(ask);
      pictures.release();
      chrome.remove();
      delete root.dataset.state;
      delete root.dataset.scheme;
      delete root.viewer;
    },
  };
  root.viewer = viewer;
  set(spec.state ?? {});
  applyScheme();
  for (const start of starters) start();
  return viewer;
}

/** Resolves at the next frame; in a hidden page, which has no frames, after 100 ms. */
const shown = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });
