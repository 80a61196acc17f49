/** @file Scene graphs: objects and how they lie to each other. */
import { expectForm, form, list, object, text } from "../core/forms.js";
import { brief } from "../core/json.js";
import type { SceneGraph } from "./scene.js";

type Relation = SceneGraph["relations"][number];

const isRelation = (value: unknown): value is Relation =>
  Array.isArray(value) &&
  value.length === 3 &&
  typeof value[0] === "number" &&
  typeof value[1] === "string" &&
  typeof value[2] === "number";

const OBJECTS = list(text(/^/, "the name of a class"), "a list of classes");
const GRAPH = object(
  { objects: OBJECTS, relations: list(form<Relation>("[subject, predicate, object]", isRelation), "a list of relations") },
  "{ objects: [classes], relations: [[subject, predicate, object]] }",
);

/**
 * The value, if it is a scene graph.
 * @throws TypeError if it has another form; RangeError if a subject or an object is no place in `objects`
 */
export function checkGraph(value: unknown): SceneGraph {
  const graph = expectForm(GRAPH, value, ({ field, want, found }) => new TypeError(`${placeOf(field)}: got ${found}, want ${want}`));
  for (const [k, [subject, , object]] of graph.relations.entries())
    for (const [role, place] of Object.entries({ subject, object }))
      if (!(Number.isInteger(place) && place >= 0 && place < graph.objects.length))
        throw new RangeError(`graph.relations[${k}]: got the ${role} ${place}, want a place in objects, 0 to ${graph.objects.length - 1}`);
  return graph;
}

const placeOf = (field: string): string => (field === "" ? "graph" : `graph.${field}`);

/** The objects that no relation names, as places in `objects`. */
export function loneObjects({ objects, relations }: SceneGraph): number[] {
  const related = new Set(relations.flatMap(([subject, , object]) => [subject, object]));
  return objects.map((_, k) => k).filter((k) => !related.has(k));
}

/** What tells objects of one name apart. The official list goes from Z to AB. */
const LETTERS: readonly string[] = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ", ...[..."BCDEF"].map((letter) => `A${letter}`)];

/**
 * A graph in words, as the text models of Frido were trained: `man A on tree , sky above man B`. A letter follows a name that several objects of
 * the relations have, in the order in which they are named; objects without a relation are left out.
 * @throws RangeError if more than 31 related objects have one name
 * @source Frido, scripts/preprocess_vg_to_sg.py, `get_caption`
 */
export function graphText({ objects, relations }: SceneGraph): string {
  const named = new Map<string, number[]>();
  for (const [subject, , object] of relations)
    for (const place of [subject, object]) {
      const same = named.get(objects[place]) ?? [];
      if (!same.includes(place)) named.set(objects[place], [...same, place]);
    }
  const nameOf = (place: number): string => {
    const same = named.get(objects[place]) ?? [];
    if (same.length > LETTERS.length)
      throw new RangeError(`graph: got ${same.length} related objects ${brief(objects[place])}, want at most ${LETTERS.length} of a name`);
    return same.length < 2 ? objects[place] : `${objects[place]} ${LETTERS[same.indexOf(place)]}`;
  };
  return relations.map(([subject, predicate, object]) => `${nameOf(subject)} ${predicate} ${nameOf(object)}`).join(" , ");
}
