/** @file A scatter of named points with intervals, as an SVG that needs no script. */
import type { MeanInterval } from "../metrics/interval.js";
import { escapeHtml } from "./html.js";

/** A point. */
export interface ScatterPoint {
  /** any text */
  readonly label: string;
  readonly x: number;
  readonly y: MeanInterval;
}

const SIZE = { width: 520, height: 340, left: 56, right: 16, top: 32, bottom: 44 } as const;

/** Draws points over two linear axes that begin at 0. @param axes what they say */
export function scatter(points: readonly ScatterPoint[], axes: { readonly x: string; readonly y: string }): string {
  const { width, height, left, right, top, bottom } = SIZE;
  const most = {
    x: Math.max(...points.map(({ x }) => x), 1) * 1.15,
    y: Math.max(...points.map(({ y }) => finite(y.high, y.mean)), 1e-9) * 1.1,
  };
  const x = (value: number) => round1(left + (value / most.x) * (width - left - right));
  const y = (value: number) => round1(height - bottom - (value / most.y) * (height - top - bottom));
  const ticks = (end: number) => {
    const apart = [1, 2, 5, 10].map((k) => k * 10 ** Math.floor(Math.log10(end / 4))).find((step) => end / step <= 6) ?? end / 4;
    return Array.from({ length: Math.floor(end / apart) + 1 }, (_, k) => Number((k * apart).toPrecision(6)));
  };
  const grid = [
    ...ticks(most.y).map(
      (tick) =>
        `<path d="M${left} ${y(tick)}H${width - right}"/><text class="soft" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
    ...ticks(most.x).map((tick) => `<text class="soft" x="${x(tick)}" y="${height - bottom + 18}" text-anchor="middle">${tick}</text>`),
  ];
  const labels = placed(points.map((point) => ({ ...point, at: [x(point.x), y(point.y.mean)] as const })));
  const drawn = labels.map(({ label, x: value, y: interval, at: [px, py], text }) => {
    const bar = Number.isNaN(interval.low)
      ? ""
      : `<path d="M${px} ${y(Math.max(0, interval.low))}V${y(interval.high)}" style="stroke:var(--ink)"/>`;
    const end = px > width * 0.72;
    return `<g><title>${escapeHtml(label)}: ${round1(value)}, ${interval.mean.toPrecision(3)}</title>${bar}<circle cx="${px}" cy="${py}" r="4.5"/><text x="${end ? px - 9 : px + 9}" y="${text}"${end ? ' text-anchor="end"' : ""}>${escapeHtml(label)}</text></g>`;
  });
  const said = points.map(({ label, x: value, y: { mean } }) => `${label} ${round1(value)}, ${mean.toPrecision(3)}`).join("; ");
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(`${axes.y} against ${axes.x}: ${said}`)}">${grid.join("")}<path d="M${left} ${height - bottom}H${width - right}M${left} ${top}V${height - bottom}"/><text class="soft" x="${width - right}" y="${height - 6}" text-anchor="end">${escapeHtml(axes.x)}</text><text class="soft" x="4" y="12">${escapeHtml(axes.y)}</text>${drawn.join("")}</svg>`;
}

/** Moves labels apart that would lie on each other: lines of at least 14 units. */
function placed<P extends { readonly at: readonly [number, number] }>(points: readonly P[]): (P & { readonly text: number })[] {
  const done: (P & { readonly text: number })[] = [];
  for (const point of [...points].sort((a, b) => a.at[1] - b.at[1])) {
    const near = done.filter(({ at }) => Math.abs(at[0] - point.at[0]) < 150);
    const least = Math.max(...near.map(({ text }) => text + 14), Number.NEGATIVE_INFINITY);
    done.push({ ...point, text: Math.max(point.at[1] + 4, least) });
  }
  return done;
}

const finite = (x: number, otherwise: number): number => (Number.isFinite(x) ? x : otherwise);
const round1 = (x: number): number => Math.round(x * 10) / 10;
