/** @file What a scene, a panorama of regions, under control or from a picture was asked for with, in its run's folder. */
import { join } from "node:path";
import { layoutSvg } from "../conditions/layout-picture.js";
import { maskPng } from "../conditions/mask-file.js";
import { regionMaskName } from "../conditions/region-words.js";
import type { Region } from "../conditions/regions.js";
import { svgPng } from "../core/image.js";
import { type Tensor, tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import type { ResolvedPyramidOptions } from "../methods/pyramid/options.js";
import { controlOf, writeControl } from "./run-control.js";
import { GRAPH_FILE, LAYOUT_FILE, LAYOUT_NAME } from "./run-folder.js";
import { writeGiven } from "./run-given.js";
import type { RunHead } from "./run-head.js";

/** What the command line reads: a layout or a graph as a file, the layout also as a picture; the masks of regions as pictures. */
export async function writeCondition(dir: string, { options, scaleFactor }: Pick<RunHead, "options" | "scaleFactor">): Promise<void> {
  if ("count" in options) return writeScene(dir, options);
  if ("regions" in options) await writeMasks(dir, options.regions as readonly Region[], scaleFactor);
  await writeControl(dir, controlOf(options));
  await writeGiven(dir, options);
}

async function writeScene(dir: string, { layout, graph, width, height }: ResolvedPyramidOptions): Promise<void> {
  if (graph) await writeWhole(join(dir, GRAPH_FILE), json(graph));
  if (!layout) return;
  await writeWhole(join(dir, LAYOUT_FILE), json(layout));
  await writeWhole(join(dir, LAYOUT_NAME), await svgPng(layoutSvg(layout, { width, height })));
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A PNG, as large as the panorama, for each region that has a mask. */
async function writeMasks(dir: string, regions: readonly Region[], scaleFactor: number): Promise<void> {
  for (const [k, { mask }] of regions.entries())
    if (mask) await writeWhole(join(dir, regionMaskName(k)), await maskPng(enlarged(mask, scaleFactor)));
}

/** Each value as a square of pixels: [1,1,h,w] -> [1,1,s·h,s·w]. */
function enlarged({ data, shape: [, , h, w] }: Tensor, s: number): Tensor {
  const pixel = (k: number) => data[Math.floor(k / (s * s * w)) * w + Math.floor((k % (s * w)) / s)];
  return tensor(
    Float32Array.from({ length: s * s * h * w }, (_, k) => pixel(k)),
    [1, 1, s * h, s * w],
  );
}
