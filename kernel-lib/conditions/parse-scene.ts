/** @file Conditions as text: what the command line takes, in a file or as it is. */
import { expectForm, form, list, object, text } from "../core/forms.js";
import { brief, parseJsonValue } from "../core/json.js";
import type { SceneCondition, SceneGraph, SceneKind } from "./scene.js";
import { checkScene } from "./scene-tokenizer.js";

/**
 * Reads a condition from text. A layout is JSON, `[{ "what": "boat", "box": [x, y, width, height] }, …]`. A graph is JSON,
 * `{ "objects": […], "relations": [[0, "left of", 1], …] }`; a subject or an object is a place in `objects`, or a name that only one object has.
 * Labels are separated by commas: `boat,sun`. A prompt is taken as it is.
 * @param source what error messages call the text, such as a file's name
 * @throws CheckpointError for a file that is not JSON; TypeError and RangeError, as `checkScene`, naming the place
 */
export function parseScene(kind: SceneKind, content: string, source: string = kind): SceneCondition {
  switch (kind) {
    case "layout":
      return checkScene({ layout: parseJsonValue(source, content) });
    case "labels":
      return checkScene({
        labels: content
          .split(",")
          .map((label) => label.trim())
          .filter((label) => label !== ""),
      });
    case "graph":
      return checkScene({ graph: withPlaces(parseJsonValue(source, content)) });
    case "prompt":
      return checkScene({ prompt: content });
  }
}

type Link = string | number;
const isLink = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

const WRITTEN = object(
  {
    objects: list(text(/^/, "the name of a class"), "a list of classes"),
    relations: list(
      form<readonly [Link, string, Link]>(
        "[subject, predicate, object], subject and object as a place in objects or a name",
        (value) => Array.isArray(value) && value.length === 3 && isLink(value[0]) && typeof value[1] === "string" && isLink(value[2]),
      ),
      "a list of relations",
    ),
  },
  '{ "objects": [classes], "relations": [[subject, predicate, object]] }',
);

function withPlaces(value: unknown): SceneGraph {
  const { objects, relations } = expectForm(
    WRITTEN,
    value,
    ({ field, want, found }) => new TypeError(`${field === "" ? "graph" : `graph.${field}`}: got ${found}, want ${want}`),
  );
  const placeOf = (k: number, link: Link): number => {
    if (typeof link === "number") return link;
    const place = objects.indexOf(link);
    if (place < 0) throw new RangeError(`graph.relations[${k}]: got ${brief(link)}, want one of objects: ${brief(objects)}`);
    if (objects.lastIndexOf(link) !== place)
      throw new RangeError(`graph.relations[${k}]: several objects are called ${brief(link)}; give its place in objects, from 0`);
    return place;
  };
  return {
    objects,
    relations: relations.map(([subject, predicate, object], k) => [placeOf(k, subject), predicate, placeOf(k, object)]),
  };
}
