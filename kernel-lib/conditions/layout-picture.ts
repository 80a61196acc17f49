/** @file A layout as a picture: its boxes, drawn and named. */
import type { SceneObject } from "./scene.js";

/** Of `layoutSvg`. */
export interface LayoutPicture {
  /** pixels */
  readonly width: number;
  readonly height: number;
  /** a picture below the boxes, as a data: URL */
  readonly picture?: string;
}

/** Boxes of one class have one colour; hues are spread by the golden angle. */
export const classColour = (place: number): string => `hsl(${Math.round((place * 137.508 + 200) % 360)} 70% 45%)`;

/** The classes of a layout, in the order in which they first occur. */
export const classesOf = (objects: readonly SceneObject[]): readonly string[] => [...new Set(objects.map(({ what }) => what))];

/** Draws the boxes of a layout, each with its name, over a picture where there is one. Names are escaped. */
export function layoutSvg(objects: readonly SceneObject[], { width, height, picture }: LayoutPicture): string {
  const classes = classesOf(objects);
  const size = Math.max(9, Math.round(Math.min(width, height) / 12));
  const boxes = objects.map(({ what, box: [x, y, w, h] }) => {
    const colour = classColour(classes.indexOf(what));
    const [left, top] = [x * width, y * height];
    return `<rect x="${left}" y="${top}" width="${w * width}" height="${h * height}" fill="${colour}" fill-opacity="${picture ? 0.12 : 0.3}" stroke="${colour}" stroke-width="1.5"/><text x="${left + 3}" y="${top + size}" font-size="${size}" font-family="system-ui,DejaVu Sans,sans-serif" fill="#111" stroke="#fff" stroke-width="2" paint-order="stroke">${escaped(what)}</text>`;
  });
  const ground = picture
    ? `<image href="${escaped(picture)}" width="${width}" height="${height}"/>`
    : `<rect width="${width}" height="${height}" fill="#f4f4f4"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${ground}${boxes.join("")}</svg>`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => ESCAPES[letter]);
