/** @file What a scene was asked for with, in its run's folder. */
import { join } from "node:path";
import { layoutSvg } from "../conditions/layout-picture.js";
import { svgPng } from "../core/image.js";
import { writeWhole } from "../core/write-whole.js";
import type { ResolvedPyramidOptions } from "../methods/pyramid/options.js";
import { GRAPH_FILE, LAYOUT_FILE, LAYOUT_NAME } from "./run-folder.js";

/** A layout or a graph as a file that `veduta scene` reads, and the layout as a picture. */
export async function writeCondition(dir: string, { layout, graph, width, height }: ResolvedPyramidOptions): Promise<void> {
  if (graph) await writeWhole(join(dir, GRAPH_FILE), json(graph));
  if (!layout) return;
  await writeWhole(join(dir, LAYOUT_FILE), json(layout));
  await writeWhole(join(dir, LAYOUT_NAME), await svgPng(layoutSvg(layout, { width, height })));
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
