/** @file Shows what a scene was asked for with: the boxes of a layout, and a scene graph. */

import { layoutSvg } from "../conditions/layout-picture.js";
import type { SceneGraph, SceneObject } from "../conditions/scene.js";
import { checkScene } from "../conditions/scene-tokenizer.js";
import { encodePng, svgPng } from "../core/image.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import { dataUrl, escapeHtml } from "../pages/html.js";
import { type Displayable, displayable } from "./display.js";
import { graphSvg } from "./graph-svg.js";

/** Options of `layoutView`. */
export interface LayoutViewOptions {
  /** width in CSS pixels; default 320 */
  readonly width?: number;
  /** any text; default "Layout" */
  readonly title?: string;
}

/**
 * Shows the boxes of a layout with their names, over a picture where one is given.
 * @param image [1,3,H,W] in [0,1]
 * @throws TypeError, RangeError for boxes that are none; ShapeError for several pictures
 */
export function layoutView(
  layout: readonly SceneObject[],
  image?: Tensor,
  { width = 320, title = "Layout" }: LayoutViewOptions = {},
): Displayable {
  checkScene({ layout });
  if (!(width >= 1)) throw new RangeError(`layoutView: got width ${width}, want CSS pixels >= 1`);
  if (image) expectShape("layoutView: image", image, [1, 3, "H", "W"], "give one picture");
  const height = image ? Math.round((width * image.shape[2]) / image.shape[3]) : width;
  return displayable(async () => {
    const picture = image && dataUrl("image/png", await encodePng(image));
    const names = layout.map(({ what, box }) => `${what} at ${box.map((x) => Math.round(x * 100)).join(", ")} %`).join("; ");
    return bundle(title, layoutSvg(layout, { width, height, picture }), `boxes of ${layout.length} objects: ${names}`, width);
  });
}

/** Options of `sceneGraphView`. */
export interface SceneGraphViewOptions {
  /** width in CSS pixels; default 420 */
  readonly width?: number;
  /** any text; default "Scene graph" */
  readonly title?: string;
}

/**
 * Shows a scene graph: its objects on a circle, and an arrow from subject to object for each relation.
 * @throws TypeError, RangeError for a graph that is none
 */
export function sceneGraphView(graph: SceneGraph, { width = 420, title = "Scene graph" }: SceneGraphViewOptions = {}): Displayable {
  checkScene({ graph });
  if (!(width >= 1)) throw new RangeError(`sceneGraphView: got width ${width}, want CSS pixels >= 1`);
  const { objects, relations } = graph;
  return displayable(async () => {
    const facts = relations.map(([subject, predicate, object]) => `${objects[subject]} ${predicate} ${objects[object]}`);
    return bundle(title, graphSvg(graph, width), `${objects.length} objects; ${facts.join("; ") || "no relations"}`, width);
  });
}

/** An SVG as an output: an image whose text every page shows, also one that allows no SVG. */
async function bundle(title: string, svg: string, about: string, width: number) {
  const src = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return {
    "text/html": `<figure style="margin:0;font:13px/1.5 system-ui,sans-serif"><figcaption style="margin:0 0 6px"><b>${escapeHtml(title)}</b></figcaption><img src="${escapeHtml(src)}" alt="${escapeHtml(about)}" width="${width}" style="display:block;width:${width}px;max-width:100%;height:auto;margin:0"></figure>`,
    "image/png": Buffer.from(await svgPng(svg)).toString("base64"),
    "text/plain": `[${title}: ${about}]`,
  };
}
