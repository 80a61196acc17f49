/** @file The panes of the canvas, one per panorama: overlays, and what a point shows. */

import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import { cameraOf } from "./camera.js";
import type { Drawn, Pane, Pen, Seen } from "./core.js";

/** Draws an overlay on each pane, clipped to it. */
export function overPanes(pen: Pen, height: number, panes: readonly Pane[], state: ViewState, over: (drawn: Drawn) => void): void {
  for (const { which, x, width, from, to } of panes) {
    pen.save();
    pen.beginPath();
    pen.rect(from, 0, to - from, height);
    pen.clip();
    pen.translate(x, 0);
    over({ pen, which, camera: cameraOf(state), state, width, height });
    pen.restore();
  }
}

/** Finds what a point of the page shows in the panes of a canvas. */
export function seenIn(
  canvas: HTMLCanvasElement,
  panes: readonly Pane[],
  state: ViewState,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): Seen | undefined {
  const box = canvas.getBoundingClientRect();
  const x = ((clientX - box.left) * canvas.width) / Math.max(1, box.width);
  const pane = panes.find(({ from, to }) => x >= from && x < to);
  if (!pane) return undefined;
  const look = cameraOf(state).look([(2 * (x - pane.x) - pane.width) / canvas.height, 1 - (2 * (clientY - box.top)) / box.height]);
  return look && { which: pane.which, ...look };
}
