/** @file The plane of both windows' means: arrows for a way's exact step, a path for each way, and the starting point, which can be dragged. */
import { type Means, WAYS, type Way } from "./two-windows.js";

/** The plane reaches from −EXTENT to EXTENT on both axes. */
const EXTENT = 1.6;
/** Arrows along each axis. */
const ARROWS = 13;
const KEY_STEP = 0.1;

/** The points at which arrows begin. */
export const GRID: readonly Means[] = Array.from({ length: ARROWS ** 2 }, (_, k) => {
  const at = (index: number) => (2 * index * 1.5) / (ARROWS - 1) - 1.5;
  return [at(k % ARROWS), at(Math.floor(k / ARROWS))] as const;
});

const svg = <K extends keyof SVGElementTagNameMap>(tag: K, attributes: Readonly<Record<string, string | number>>, ...children: Node[]) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
};
const text = (x: number, y: number, content: string, attributes: Readonly<Record<string, string>> = {}) =>
  svg("text", { x, y, ...attributes }, document.createTextNode(content));

/** Up is positive in the plane, and negative in SVG. */
const path = (points: readonly Means[]): string => `M${points.map(([a, b]) => `${a.toFixed(4)} ${(-b).toFixed(4)}`).join("L")}`;

/** What the plane shows. */
export interface PlaneState {
  readonly start: Means;
  /** both means before each step and after the last */
  readonly paths: Readonly<Record<Way, readonly Means[]>>;
  /** the step whose points and arrows are shown */
  readonly step: number;
  /** alpha: the modes lie at (±alpha, ±alpha) */
  readonly mode: number;
  /** whose arrows are shown, and where each leads from its point of GRID */
  readonly way: Way;
  readonly leads: readonly Means[];
}

/** The plane, which calls `dragged` with a new starting point. */
export class Plane {
  readonly element = svg("svg", {
    viewBox: `${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`,
    role: "group",
    "aria-label": "Mean of the second window over the mean of the first",
  });
  readonly #drawn = svg("g", {});
  readonly #start = svg("circle", { class: "start", r: 0.075, tabindex: 0, role: "slider", "aria-valuemin": -1.5, "aria-valuemax": 1.5 });

  constructor(dragged: (start: Means) => void) {
    const axes = svg("path", { class: "axis", d: `M${-EXTENT} 0H${EXTENT}M0 ${-EXTENT}V${EXTENT}` });
    const labels = svg(
      "g",
      { class: "labels" },
      text(EXTENT - 0.04, 0.13, "first window →", { "text-anchor": "end" }),
      text(0.05, -EXTENT + 0.14, "↑ second window"),
      text(EXTENT - 0.06, -EXTENT + 0.14, "both +1", { "text-anchor": "end" }),
      text(-EXTENT + 0.06, EXTENT - 0.06, "both −1"),
    );
    this.element.append(axes, this.#drawn, labels, this.#start);
    const clamp = (value: number) => Math.min(1.5, Math.max(-1.5, value));
    const follow = ({ clientX, clientY }: PointerEvent) => {
      const { left, top, width, height } = this.element.getBoundingClientRect();
      const [x, y] = [(clientX - left) / width, (clientY - top) / height];
      dragged([clamp((2 * x - 1) * EXTENT), clamp((1 - 2 * y) * EXTENT)]);
    };
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      this.#start.focus();
      follow(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) follow(event);
    });
    this.#start.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!move) return;
      event.preventDefault();
      const at = (name: string) => Number(this.#start.getAttribute(name));
      dragged([clamp(at("cx") + KEY_STEP * move[0]), clamp(-at("cy") + KEY_STEP * move[1])]);
    });
  }

  show({ start, paths, step, mode, way, leads }: PlaneState): void {
    const modes = [-1, 1].flatMap((a) =>
      [-1, 1].map((b) => svg("circle", { class: a === b ? "mode agree" : "mode", cx: a * mode, cy: -b * mode, r: 0.16 })),
    );
    const arrows = svg("path", { class: `arrows ${way}`, d: GRID.map((from, k) => arrow(from, leads[k])).join("") });
    const ways = (Object.keys(WAYS) as Way[]).flatMap((each) => {
      const [a, b] = paths[each][step];
      return [
        svg("path", { class: `path ${each}`, d: path(paths[each]) }),
        svg("circle", { class: `now ${each}`, cx: a, cy: -b, r: 0.045 }),
      ];
    });
    this.#drawn.replaceChildren(...modes, arrows, ...ways);
    this.#start.setAttribute("cx", String(start[0]));
    this.#start.setAttribute("cy", String(-start[1]));
    const said = `first window ${start[0].toFixed(1)}, second window ${start[1].toFixed(1)}`;
    this.#start.setAttribute("aria-label", "Mean of the starting noise");
    this.#start.setAttribute("aria-valuenow", start[0].toFixed(2));
    this.#start.setAttribute("aria-valuetext", said);
  }
}

/** An arrow of at most one cell of the grid; its length is eight times the step's. */
function arrow(from: Means, to: Means): string {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  if (length < 1e-4) return "";
  const scale = Math.min(8, 0.21 / length);
  const tip: Means = [from[0] + scale * dx, from[1] + scale * dy];
  const back = Math.min(0.06, (scale * length) / 2) / length;
  const barb = (turn: number): Means => [tip[0] - back * (dx - (turn * dy) / 2), tip[1] - back * (dy + (turn * dx) / 2)];
  return path([from, tip]) + path([barb(1), tip, barb(-1)]);
}
