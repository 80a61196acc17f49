/** @file A scene graph as an SVG. */

import { classColour } from "../conditions/layout-picture.js";
import type { SceneGraph } from "../conditions/scene.js";
import { escapeHtml } from "../pages/html.js";

/** Of a node in pixels, and between the circle of nodes and the edge of the picture. */
const NODE = { width: 76, height: 26 };

/** Draws objects on a circle, the first one at the top, and an arrow with its predicate for each relation. Names are escaped. */
export function graphSvg({ objects, relations }: SceneGraph, width: number): string {
  const height = Math.round(width * 0.8);
  const [cx, cy] = [width / 2, height / 2];
  const [rx, ry] = [width / 2 - NODE.width / 2 - 6, height / 2 - NODE.height];
  const places = objects.map((_, k) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * k) / Math.max(1, objects.length);
    return objects.length === 1 ? ([cx, cy] as const) : ([cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const);
  });
  const classes = [...new Set(objects)];
  const arrows = relations.map(([subject, predicate, object]) => {
    const [[x0, y0], [x1, y1]] = [places[subject], places[object]];
    const [dx, dy] = [x1 - x0, y1 - y0];
    // where the line leaves a node's box
    const share = Math.min(NODE.width / 2 / (Math.abs(dx) || 1e-9), NODE.height / 2 / (Math.abs(dy) || 1e-9), 0.5);
    const [ax, ay, bx, by] = [x0 + share * dx, y0 + share * dy, x1 - share * dx, y1 - share * dy].map((x) => Math.round(x * 10) / 10);
    // a third of the way, so that the words of both directions stay apart
    const [tx, ty] = [ax + 0.4 * (bx - ax), ay + 0.4 * (by - ay)];
    return `<line x1="${ax}" y1="${ay}" x2="${bx}" y2="${by}" stroke="#777" stroke-width="1.4" marker-end="url(#tip)"/>${label(tx, ty, predicate, 11)}`;
  });
  const nodes = objects.map((name, k) => {
    const [x, y] = places[k];
    const colour = classColour(classes.indexOf(name));
    return `<rect x="${x - NODE.width / 2}" y="${y - NODE.height / 2}" width="${NODE.width}" height="${NODE.height}" rx="8" fill="#fff" stroke="${colour}" stroke-width="2"/>${label(x, y, name, 13)}`;
  });
  const tip = `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${tip}<rect width="${width}" height="${height}" rx="10" fill="#f6f6f4"/>${arrows.join("")}${nodes.join("")}</svg>`;
}

const label = (x: number, y: number, text: string, size: number): string =>
  `<text x="${x}" y="${y}" font-size="${size}" font-family="system-ui,DejaVu Sans,sans-serif" text-anchor="middle" dominant-baseline="central" fill="#1d1f23" stroke="#f6f6f4" stroke-width="3" paint-order="stroke">${escapeHtml(text)}</text>`;
