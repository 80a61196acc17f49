/** @file Reads a scene model's condition/scene_tokens.json: how its conditions become tokens. */
import { CheckpointError } from "../core/errors.js";
import { brief, isObject, type JsonObject } from "../core/json.js";
import { fridoTextTokenizer, TEXT_BUILDERS } from "./frido-text.js";
import { fridoTokenizer } from "./frido-tokens.js";
import { checkLabels } from "./labels.js";
import { checkCrop, checkLayout } from "./layout.js";
import type { SceneCondition, SceneKind, SceneTokenizer } from "./scene.js";
import { checkGraph } from "./scene-graph.js";
import { vedutaTokenizer } from "./veduta-tokens.js";

/** One row per family of models. */
const FAMILIES: Readonly<Record<string, (file: string, json: JsonObject) => SceneTokenizer>> = {
  veduta: vedutaTokenizer,
  frido: (file, json) =>
    (typeof json.builder === "string" && Object.hasOwn(TEXT_BUILDERS, json.builder) ? fridoTextTokenizer : fridoTokenizer)(file, json),
};

/** The four kinds of conditions. */
export const SCENE_KINDS: readonly SceneKind[] = ["layout", "labels", "graph", "prompt"];

/**
 * The kind of a condition. Options of other names and undefined ones do not count, so a method's options may be given as they are.
 * @throws TypeError naming the four for no condition or several
 */
export function sceneKind(condition: unknown): SceneKind {
  const given = isObject(condition) ? SCENE_KINDS.filter((kind) => Object.hasOwn(condition, kind) && condition[kind] !== undefined) : [];
  if (given.length === 1) return given[0];
  const got = given.length > 1 ? given.join(" and ") : isObject(condition) ? "none of them" : brief(condition);
  throw new TypeError(`a scene's condition: got ${got}, want one of layout, labels, graph and prompt`);
}

/**
 * The condition, checked: its form, and that its boxes lie in the picture. Whether a model knows its names is the tokenizer's matter.
 * @throws TypeError for no condition, several, or one of another form; RangeError for a box or a place out of range; both name the place
 */
export function checkScene(condition: unknown): SceneCondition {
  const kind = sceneKind(condition);
  const given = condition as JsonObject;
  const value = given[kind];
  switch (kind) {
    case "layout": {
      const crop = checkCrop(given.crop);
      return { layout: checkLayout(value), ...(crop && { crop }) };
    }
    case "labels":
      return { labels: checkLabels(value) };
    case "graph":
      return { graph: checkGraph(value) };
    case "prompt":
      if (typeof value !== "string") throw new TypeError(`prompt: got ${brief(value)}, want a text`);
      return { prompt: value };
  }
}

/**
 * The tokenizer that a scene_tokens.json describes. Its key `kind` says which family of models it is of: "veduta" or "frido".
 * @param file for error messages @param json its content
 * @throws CheckpointError naming the field
 */
export function sceneTokenizer(file: string, json: JsonObject): SceneTokenizer {
  const family = typeof json.kind === "string" && Object.hasOwn(FAMILIES, json.kind) ? FAMILIES[json.kind] : undefined;
  if (!family) throw new CheckpointError(file, { expected: `kind: ${Object.keys(FAMILIES).join(" or ")}`, found: brief(json.kind) });
  const tokenizer = family(file, json);
  return {
    ...tokenizer,
    tokens(condition) {
      const checked = checkScene(condition);
      const kind = sceneKind(checked);
      if (!tokenizer.kinds.includes(kind)) throw new TypeError(`this model was trained on ${tokenizer.kinds.join(", ")}: got ${kind}`);
      return tokenizer.tokens(checked);
    },
  };
}
