/** @file Compares panoramas with one camera: a divider between two, one over the other, all side by side, alternating, or the difference of two. */

import { type Comparison, pairOf } from "../../kernel-lib/panorama/view-state.js";
import { compareBar, DOUBLINGS } from "./compare-bar.js";
import type { Core, Pane, Pen } from "./core.js";

/** Draws one panorama, or several as the state's `compare` says. @returns the place of each */
export type Compose = (pen: Pen, width: number, height: number) => readonly Pane[];

/** Width in pixels of the view in which the difference is measured. */
const MEASURED = 320;

/** Adds comparison to a viewer. @returns how it draws */
export function comparing(core: Core): Compose {
  const count = 1 + (core.spec.others?.length ?? 0);
  if (count === 1) return (pen, width, height) => drawn(core, pen, height, [{ which: 0, x: 0, width, from: 0, to: width }]);
  const bar = compareBar(core, () => meanDifference(core));

  const layout = (compare: Comparison | null, width: number): readonly Pane[] => {
    const whole = { x: 0, width, from: 0, to: width };
    const [first, second] = pairOf(core.state());
    const split = Math.round(width * bar.split());
    const column = (which: number): Pane => {
      const [from, to] = [which, which + 1].map((k) => Math.floor((k * width) / count));
      return { which, x: from, width: to - from, from, to };
    };
    switch (compare) {
      case "swipe":
        return [
          { ...whole, which: first, to: split },
          { ...whole, which: second, from: split },
        ];
      case "side":
        return Array.from({ length: count }, (_, which) => column(which));
      case "blink":
        return [{ ...whole, which: bar.turn() }];
      case "blend":
      case "difference":
        return [{ ...whole, which: first }];
      default:
        return [{ ...whole, which: 0 }];
    }
  };
  return (pen, width, height) => {
    const { compare } = core.state();
    const panes = layout(compare, width);
    if (compare !== "difference") drawn(core, pen, height, panes);
    if (compare === "blend") {
      pen.globalAlpha = bar.split();
      drawn(core, pen, height, [{ ...panes[0], which: pairOf(core.state())[1] }]);
      pen.globalAlpha = 1;
    }
    if (compare !== "difference") return panes;
    subtract(core, pen, width, height);
    pen.globalCompositeOperation = "lighter";
    for (let k = 0; k < DOUBLINGS; k++) pen.drawImage(pen.canvas, 0, 0);
    pen.globalCompositeOperation = "source-over";
    bar.measure();
    return panes;
  };
}

/** Draws the panes, with a line between neighbours. */
function drawn(core: Core, pen: Pen, height: number, panes: readonly Pane[]): readonly Pane[] {
  for (const { which, x, width, from, to } of panes) {
    if (to <= from) continue;
    const shot = core.shot(which, core.state(), width, height);
    const scale = shot ? shot.width / width : 1; // below 1 while the view moves
    if (shot) pen.drawImage(shot, (from - x) * scale, 0, (to - from) * scale, shot.height, from, 0, to - from, height);
  }
  pen.fillStyle = "#fff";
  for (const { from } of panes.slice(1)) pen.fillRect(from - 1, 0, 2, height);
  return panes;
}

/** |first − second|, channel by channel. */
function subtract(core: Core, pen: Pen, width: number, height: number): void {
  const [first, second] = pairOf(core.state());
  const a = core.shot(first, core.state(), width, height);
  if (a) pen.drawImage(a, 0, 0, width, height);
  const b = core.shot(second, core.state(), width, height);
  pen.globalCompositeOperation = "difference";
  if (b) pen.drawImage(b, 0, 0, width, height);
  pen.globalCompositeOperation = "source-over";
}

/** Mean of |first − second| over the view, of 255. */
function meanDifference(core: Core): number {
  const { canvas } = core;
  const [width, height] = [MEASURED, Math.max(1, Math.round((MEASURED * canvas.height) / Math.max(1, canvas.width)))];
  const pen = new OffscreenCanvas(width, height).getContext("2d", {
    willReadFrequently: true,
    alpha: false,
  }) as OffscreenCanvasRenderingContext2D;
  subtract(core, pen, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  let sum = 0;
  for (let k = 0; k < data.length; k++) if (k % 4 !== 3) sum += data[k];
  return sum / (width * height * 3);
}
