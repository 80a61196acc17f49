/** @file What a scene may be asked for with: conditions of all four kinds that a drawing fulfils. */
import type { SceneCondition, SceneKind } from "../../../kernel-lib/conditions/scene.js";
import type { Rng } from "../../../kernel-lib/core/random.js";
import { caption, type Kind } from "../../tiny-landscapes/world/captions.js";
import { relationsAmong } from "../../tiny-landscapes/world/relations.js";
import { type PaintedThing, THINGS } from "../../tiny-landscapes/world/things.js";
import { MOST_OBJECTS } from "./configs.js";

/** What a picture shows, and which of its things were painted later. */
export interface Scene extends Kind {
  readonly objects: readonly PaintedThing[];
}

/** Share of layouts that name everything; the others name some of it, for people rarely name the water under a boat. */
const WHOLE = 0.5;
/** Most relations of a graph. */
const MOST_RELATIONS = 8;

/** One way to ask for each kind. */
export const CONDITIONS = {
  layout: (rng, { objects }) => {
    const share = rng.uniform() < WHOLE ? 1 : rng.uniform();
    const some = shuffled(rng, objects).filter((_, k) => k === 0 || rng.uniform() < share);
    return { layout: some.map(({ what, box }) => ({ what, box })) };
  },
  labels: (_, { objects }) => ({ labels: THINGS.filter((name) => objects.some(({ what }) => what === name)) }),
  graph: (rng, { objects }) => {
    const all = shuffled(rng, relationsAmong(objects));
    const relations = all.slice(0, 1 + rng.below(MOST_RELATIONS));
    const related = new Set(relations.flatMap(([subject, , object]) => [subject, object]));
    const lone = [...objects.keys()].filter((k) => !related.has(k) && rng.uniform() < 0.5).slice(0, MOST_OBJECTS - relations.length);
    const named = shuffled(rng, [...related, ...lone]);
    return {
      graph: {
        objects: named.map((k) => objects[k].what),
        relations: relations.map(([subject, predicate, object]) => [named.indexOf(subject), predicate, named.indexOf(object)] as const),
      },
    };
  },
  prompt: (rng, scene) => ({ prompt: caption(rng, scene) }),
} as const satisfies Record<SceneKind, (rng: Rng, scene: Scene) => SceneCondition>;

/** The same entries in a random order. */
function shuffled<T>(rng: Rng, entries: readonly T[]): T[] {
  const out = [...entries];
  for (let k = out.length - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    [out[k], out[other]] = [out[other], out[k]];
  }
  return out;
}
