/** @file Scenes: square drawings with at most as many things as a condition has room for. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Kind } from "../../tiny-landscapes/world/captions.js";
import { drawLabelled, type LabelledLandscape } from "../../tiny-landscapes/world/landscape.js";
import type { SeenThing } from "../../tiny-landscapes/world/things.js";
import { SIDE } from "./cells.js";
import { MOST_OBJECTS } from "./configs.js";

/** What a drawing shows. */
export interface DrawnScene extends Kind {
  /** in the order in which they were painted */
  readonly objects: readonly SeenThing[];
}

/** A drawing of 128×128 pixels. */
export function drawnScene(rng: Rng): { readonly landscape: LabelledLandscape; readonly scene: DrawnScene } {
  const landscape = drawLabelled(rng, { width: SIDE });
  const { time, terrain, weather, objects } = landscape;
  return { landscape, scene: { time, terrain, weather, objects: largest(objects, MOST_OBJECTS) } };
}

/** The `count` largest things, in the order in which they were. */
export function largest(objects: readonly SeenThing[], count: number): readonly SeenThing[] {
  const least = objects.map(({ pixels }) => pixels).sort((a, b) => b - a)[count] ?? 0;
  return objects.filter(({ pixels }) => pixels > least).slice(0, count);
}
