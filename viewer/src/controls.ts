/** @file Hands on the picture: drag, pinch, wheel and keys become changes of the state. Knows nothing of drawing. */

import type { Coverage } from "../../kernel-lib/notebook/coverage.js";
import { horizontalFov } from "./projections.js";
import { FOV_MAX, FOV_MIN, type ViewState } from "./state.js";

export interface Handled {
  /** reads the state */
  readonly state: () => ViewState;
  readonly coverage: Coverage;
  /** a change by hand, in range */
  readonly change: (change: Partial<ViewState>) => void;
  readonly reset: () => void;
}

/** Degrees that a hand may turn beyond the picture's edge. */
const SLACK = 6;

/** Turns by degrees and zooms by a factor, kept where there is picture to see. */
export function move(
  { state, coverage, change }: Handled,
  canvas: HTMLCanvasElement,
  by: { right?: number; up?: number; zoom?: number },
): void {
  const { heading, pitch, fov } = state();
  const next = clamp(fov * (by.zoom ?? 1), FOV_MIN, FOV_MAX);
  const across = horizontalFov(next, canvas.clientWidth / Math.max(1, canvas.clientHeight));
  const up = Math.max(0, (coverage.vertical - next) / 2) + SLACK;
  const side = coverage.edge === "wrap" ? Number.POSITIVE_INFINITY : Math.max(0, (coverage.horizontal - across) / 2) + SLACK;
  // A view that was set outside these limits may stay, but a hand does not take it further out.
  change({
    heading: clampFrom(heading, heading + (by.right ?? 0), side),
    pitch: clamp(clampFrom(pitch, pitch + (by.up ?? 0), up), -90, 90),
    fov: next,
  });
}

/** Listens to the canvas. @returns a function that stops listening */
export function listen(canvas: HTMLCanvasElement, handled: Handled): () => void {
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(type: K, then: (event: HTMLElementEventMap[K]) => void, passive = true) =>
    canvas.addEventListener(type, then, { signal: stop.signal, passive });
  const fingers = new Map<number, { x: number; y: number }>();

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  on("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const spread = distance(fingers);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    // What is under the finger stays under it (at the middle of the picture): degrees a pixel there.
    const { fov, pitch } = handled.state();
    const scale = ((2 * Math.tan((fov * Math.PI) / 360)) / canvas.clientHeight) * (180 / Math.PI);
    const share = 1 / fingers.size;
    const zoom = fingers.size === 2 ? spread / Math.max(1, distance(fingers)) : 1;
    const right = (-(event.clientX - before.x) * scale * share) / Math.max(0.2, Math.cos((pitch * Math.PI) / 180));
    move(handled, canvas, { right, up: (event.clientY - before.y) * scale * share, zoom });
  });
  const lift = (event: PointerEvent) => void fingers.delete(event.pointerId);
  on("pointerup", lift);
  on("pointercancel", lift);
  on(
    "wheel",
    (event) => {
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
      const zoom = Math.exp(clamp(event.deltaY * lines, -120, 120) * 0.0015);
      const { fov } = handled.state();
      if (clamp(fov * zoom, FOV_MIN, FOV_MAX) === fov) return; // at the end of the range the page scrolls on
      event.preventDefault();
      move(handled, canvas, { zoom });
    },
    false,
  );
  on("dblclick", handled.reset);
  on(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { fov } = handled.state();
      const far = fov * (event.shiftKey ? 0.5 : 0.1);
      const keys: Record<string, () => void> = {
        ArrowLeft: () => move(handled, canvas, { right: -far }),
        ArrowRight: () => move(handled, canvas, { right: far }),
        ArrowUp: () => move(handled, canvas, { up: far }),
        ArrowDown: () => move(handled, canvas, { up: -far }),
        "+": () => move(handled, canvas, { zoom: 0.9 }),
        "=": () => move(handled, canvas, { zoom: 0.9 }),
        "-": () => move(handled, canvas, { zoom: 1 / 0.9 }),
        "0": handled.reset,
        Home: handled.reset,
      };
      const key = keys[event.key];
      if (!key) return;
      event.preventDefault();
      key();
    },
    false,
  );
  return () => stop.abort();
}

const clamp = (x: number, from: number, to: number): number => Math.min(to, Math.max(from, x));
const clampFrom = (now: number, next: number, most: number): number => clamp(next, Math.min(-most, now), Math.max(most, now));
const distance = (fingers: ReadonlyMap<number, { x: number; y: number }>): number => {
  const [a, b] = [...fingers.values()];
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
};
