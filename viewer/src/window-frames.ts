/** @file Where the windows lie on the panorama: their borders as directions, which one holds a direction, and a border drawn. */
import type { WindowsSpec } from "../../kernel-lib/notebook/figure.js";
import type { StepNumbers } from "../../kernel-lib/notebook/run-data.js";
import type { Core, Drawn } from "./core.js";

/** Points along each side of a frame: it bends with the projection. */
const BENDS = 24;

export interface Place {
  readonly heading: number;
  readonly pitch: number;
}

/** The border of a window, as directions; its corners lie on the picture's columns and rows. */
export function outline(core: Core, { width, height }: WindowsSpec, window: StepNumbers["windows"][number]): Place[] {
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
export function innermost({ steps, width, height }: WindowsSpec, { spec: { coverage } }: Core, { heading, pitch }: Place): number {
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
export function stroke({ pen, camera, width, height }: Drawn, line: readonly Place[], colour: string, wide: number, dash: number[]): void {
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
