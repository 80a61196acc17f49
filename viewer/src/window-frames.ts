/** @file The windows' frames: their borders as directions, the window at a direction, and drawing a border. */
import type { WindowsSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { type Look, turn } from "../../kernel-lib/panorama/angles.js";
import { planeLook, planePoint } from "../../kernel-lib/panorama/plane.js";
import type { StepNumbers } from "../../kernel-lib/runs/run-data.js";
import type { Core, Drawn } from "./core.js";

/** Points along each side of a frame, since it bends with the projection. */
const BENDS = 24;

/** The border of a window as directions. */
export function outline(core: Core, { width, height }: WindowsSpec, window: StepNumbers["windows"][number]): Look[] {
  const place = (x: number, y: number) => planeLook(core.spec.coverage, [x / width, y / height]);
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

/** Of the windows that contain a direction, the one whose middle is nearest; -1 if none does. */
export function innermost(
  { steps, width, height }: WindowsSpec,
  { spec: { coverage } }: Pick<Core, "spec">,
  { heading, pitch }: Look,
): number {
  const [u, v] = planePoint(coverage, { heading: turn(heading), pitch });
  const [x, y] = [u * width, v * height];
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  for (const [j, window] of steps[0].windows.entries()) {
    let dx = x - (window.left + window.width / 2);
    if (coverage.edge === "wrap") dx -= Math.round(dx / width) * width;
    let dy = y - (window.top + window.height / 2);
    if (window.top + window.height > height) dy -= Math.round(dy / height) * height; // it goes around downwards
    if (Math.abs(dx) > window.width / 2 || Math.abs(dy) > window.height / 2) continue;
    const far = Math.hypot(dx / window.width, dy / window.height);
    if (far < least) [best, least] = [j, far];
  }
  return best;
}

/** Draws a line through directions, broken where it leaves the plane or jumps across it. */
export function stroke({ pen, camera, width, height }: Drawn, line: readonly Look[], colour: string, wide: number, dash: number[]): void {
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
