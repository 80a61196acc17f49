/** @file Drawings that no training sees, with their things. */
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { writeCrop } from "../../tiny-landscapes/train/drawings.js";
import { SIDE } from "../train/cells.js";
import { type DrawnScene, drawnScene } from "../train/drawn-scenes.js";

/** The first `count` scenes of a seed: [count,3,128,128] in [-1,1], and what they show. */
export function freshScenes(count: number, seed: number): { readonly images: Tensor; readonly scenes: readonly DrawnScene[] } {
  const size = 3 * SIDE * SIDE;
  const data = new Float32Array(count * size);
  const scenes = Array.from({ length: count }, (_, k) => {
    const { landscape, scene } = drawnScene(createRng(seed * 1_000_000 + 500_000 + k));
    writeCrop(data, k * size, landscape, 0, 0, SIDE, false);
    return scene;
  });
  return { images: { data, shape: [count, 3, SIDE, SIDE] }, scenes };
}
