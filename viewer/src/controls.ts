/** @file Pointer and keyboard: drag, pinch, wheel and keys change the state. This file does not draw. */

import { degrees, radians } from "../../kernel-lib/panorama/angles.js";
import { horizontalFov, projections, ruleOf } from "../../kernel-lib/panorama/projections.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import type { Core, Motion } from "./core.js";
import { ahead, aspectOf, planet, whole } from "./first-view.js";

/** Degrees that a user may turn beyond the picture's edge. */
const SLACK = 6;

/** Turns by degrees and zooms by a factor, within the picture. */
export function move({ state, spec, canvas, set }: Core, by: { right?: number; up?: number; zoom?: number }): void {
  const { coverage } = spec;
  const { heading, pitch, fov, projection } = state();
  const next = clamp(fov * (by.zoom ?? 1), ...ruleOf(projection).range);
  const across = horizontalFov(projection, next, canvas.clientWidth / Math.max(1, canvas.clientHeight));
  const free = projection === "planet" || coverage.vertical >= 180;
  const up = free ? 90 : Math.max(0, (coverage.vertical - next) / 2) + SLACK;
  const side =
    coverage.edge === "wrap" || projection === "planet"
      ? Number.POSITIVE_INFINITY
      : Math.max(0, (coverage.horizontal - across) / 2) + SLACK;
  const level = free ? 0 : (coverage.centre ?? 0);
  // A view that a script set outside these limits may stay, but the user cannot move it further out.
  set({
    heading: clampFrom(heading, heading + (by.right ?? 0), side),
    pitch: clamp(level + clampFrom(pitch - level, pitch - level + (by.up ?? 0), up), -90, 90),
    fov: next,
  });
}

/** Converts a drag in pixels to degrees right and up, so that the panorama follows the pointer (exactly, at the middle of the picture). */
export function turned({ state, canvas }: Core, x: number, y: number): { right: number; up: number } {
  const { fov, pitch, roll, projection } = state();
  const scale = degrees(ruleOf(projection).scale(radians(fov)) * 2) / Math.max(1, canvas.clientHeight);
  const [c, s] = [Math.cos(radians(roll)), Math.sin(radians(roll))];
  const narrow = projection === "flat" ? 1 : Math.max(0.2, Math.cos(radians(pitch)));
  return { right: (-(x * c - y * s) * scale) / narrow, up: (y * c + x * s) * scale };
}

/** Whether a key belongs to the notebook or the browser even while the viewer has the focus: run a cell, save, find. */
const isOutward = ({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent) =>
  ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");

/** Listens to the canvas, and hides plain keys from a notebook around it, where "d d" deletes a cell. */
export function listen(core: Core, motion: Motion): void {
  const { canvas, signal, state, keys } = core;
  core.root.addEventListener("keydown", (event) => !isOutward(event) && event.stopPropagation(), { signal });
  const on = <K extends keyof HTMLElementEventMap>(type: K, then: (event: HTMLElementEventMap[K]) => void, passive = true) =>
    canvas.addEventListener(type, then, { signal, passive });
  const fingers = new Map<number, { x: number; y: number }>();

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    core.input();
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    motion.still(event.timeStamp);
  });
  on("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const spread = distance(fingers);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const share = 1 / fingers.size;
    const zoom = fingers.size === 2 ? spread / Math.max(1, distance(fingers)) : 1;
    const by = turned(core, (event.clientX - before.x) * share, (event.clientY - before.y) * share);
    move(core, { ...by, zoom });
    if (fingers.size === 1) motion.felt(by, event.timeStamp);
  });
  const lift = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return;
    if (event.type === "pointerup") motion.fling(event.timeStamp);
  };
  on("pointerup", lift);
  on("pointercancel", lift);
  on(
    "wheel",
    (event) => {
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
      const zoom = Math.exp(clamp(event.deltaY * lines, -120, 120) * 0.0015);
      const { fov, projection } = state();
      if (clamp(fov * zoom, ...ruleOf(projection).range) === fov) return; // at the end of the zoom range the page scrolls
      event.preventDefault();
      core.input();
      move(core, { zoom });
    },
    false,
  );
  const reset = () => core.set({ ...core.begin(), step: state().step, compare: state().compare });
  on("dblclick", reset);
  const far = (event: KeyboardEvent) => Math.min(90, state().fov) * (event.shiftKey ? 0.5 : 0.1);
  const arrows: Record<string, (event: KeyboardEvent) => void> = {
    ArrowLeft: (event) => move(core, { right: -far(event) }),
    ArrowRight: (event) => move(core, { right: far(event) }),
    ArrowUp: (event) => move(core, { up: far(event) }),
    ArrowDown: (event) => move(core, { up: -far(event) }),
  };
  for (const key of ["+", "="]) keys.set(key, () => move(core, { zoom: 0.9 }));
  keys.set("-", () => move(core, { zoom: 1 / 0.9 }));
  for (const key of ["0", "Home"]) keys.set(key, reset);
  for (const [k, projection] of (Object.keys(projections) as (keyof typeof projections)[]).entries())
    keys.set(String(k + 1), () => project(core, projection));
  on(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = arrows[event.key] ?? keys.get(event.key) ?? keys.get(event.key.toLowerCase());
      if (!act) return;
      event.preventDefault();
      core.input();
      act(event);
    },
    false,
  );
}

/** Changes the projection. A planet is seen from above, a flat picture whole; leaving these, the view looks ahead again. */
export function project(core: Core, projection: ViewState["projection"]): void {
  const { canvas, state, spec } = core;
  const aspect = aspectOf(canvas);
  const { projection: before, heading } = state();
  if (projection === before) return;
  if (projection === "planet") core.set(planet(aspect));
  else if (projection === "flat") core.set({ ...whole(spec.coverage, aspect), heading });
  else core.set(before === "planet" || before === "flat" ? { ...ahead(spec.coverage, aspect), projection, heading } : { projection });
}

/** Limits x to a range. */
export const clamp = (x: number, from: number, to: number): number => Math.min(to, Math.max(from, x));
const clampFrom = (now: number, next: number, most: number): number => clamp(next, Math.min(-most, now), Math.max(most, now));
const distance = (fingers: ReadonlyMap<number, { x: number; y: number }>): number => {
  const [a, b] = [...fingers.values()];
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
};
