/**
 * @file The tokens that the official models of Frido were trained with: classes, and cells of a grid that share the table of embeddings with them.
 * Padding is a token like others. Ours keeps the order of the objects and refuses too many; the official builders shuffle and cut.
 * @source Frido, taming/data/conditional_builder/objects_center_points.py and objects_bbox.py
 */
import { CheckpointError } from "../core/errors.js";
import { type Fitting, is, list, object, oneOf, optional, readForm, text, whole, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import { cell, cornerCells, cropped, overlap, WHOLE } from "./boxes.js";
import { TEXT_BUILDERS } from "./frido-text.js";
import { FLAGS } from "./layout.js";
import { checkCount, checkDistinct, numbered } from "./names.js";
import type { Box, ObjectFlag, SceneCondition, SceneKind, SceneTokenizer, SceneTokens } from "./scene.js";

/** An object with its class as a number. */
export interface NumberedObject {
  readonly class: number;
  readonly box: Box;
  readonly flags?: readonly ObjectFlag[];
}

/** How a builder writes objects. */
interface Builder {
  readonly kind: SceneKind;
  /** tokens of an object */
  readonly length: number;
  /** what stands for no condition, unless the file says so */
  readonly unconditional: (typeof UNCONDITIONAL)[number];
  /** the tokens that follow the class; m is the grid's side */
  place(box: Box, m: number, shift: number): readonly number[];
}

const UNCONDITIONAL = ["zero embedding", "zero tokens"] as const;

const BUILDERS = {
  objects_bbox: {
    kind: "layout",
    length: 3,
    unconditional: "zero embedding",
    place: (box, m, shift) => cornerCells(box, m).map((corner) => corner + shift),
  },
  // never shifted
  center_points: {
    kind: "layout",
    length: 2,
    unconditional: "zero tokens",
    place: ([x, y, width, height], m) => [cell(x + width / 2, y + height / 2, m)],
  },
  objects: { kind: "labels", length: 1, unconditional: "zero tokens", place: () => [] },
} as const satisfies Record<string, Builder>;

const FRIDO = object({
  kind: is("frido"),
  builder: oneOf(
    Object.keys(BUILDERS) as (keyof typeof BUILDERS)[],
    [...Object.keys(BUILDERS), ...Object.keys(TEXT_BUILDERS)].join(" or "),
  ),
  // absent: the classes are called by their numbers, from "0"
  classes: optional(list(text(/./u, "a name"))),
  no_tokens: whole({ min: 4, max: 2 ** 20 }),
  max_objects: whole({ max: 1024 }),
  encode_crop: optional(yesNo, false),
  shift: optional(whole({ min: 0, max: 2 ** 24 }), 0),
  flags: optional(list(oneOf(FLAGS), "a list of flags"), []),
  unconditional: optional(oneOf(UNCONDITIONAL)),
});

/** The settings of an official builder. */
export interface FridoSettings extends Fitting<typeof FRIDO> {
  readonly classes: string[];
}

/** The settings of an official builder from its file. @throws CheckpointError if the file is not as it must be */
export function fridoSettings(file: string, json: JsonObject): FridoSettings {
  const settings = readForm(file, FRIDO, json);
  const { no_tokens, shift, flags, classes = Array.from({ length: no_tokens }, (_, k) => String(k)) } = settings;
  if (!settings.classes && flags.length > 0)
    throw new CheckpointError(file, { expected: "classes, since flags count from their number", found: "flags alone" });
  checkDistinct(file, "classes", classes);
  if (classes.length > no_tokens + shift)
    throw new CheckpointError(file, { expected: `classes: at most no_tokens + shift = ${no_tokens + shift}`, found: `${classes.length}` });
  return { ...settings, classes };
}

/**
 * Tokens of objects: those of each object that overlaps the crop, in the order given; then `no_tokens` − 1 up to the model's number of objects; then
 * the crop, where the model takes it. With `encode_crop` boxes stay in the coordinates of the whole picture, else they become those of the crop.
 * @throws RangeError for more objects than the model has room for, flags that it does not know, and a flagged class beyond `no_tokens` + `shift`
 */
export function fridoTokens(settings: FridoSettings, objects: readonly NumberedObject[], crop: Box = WHOLE): Int32Array {
  const { builder, no_tokens, max_objects, encode_crop, shift } = settings;
  const { kind, length, place }: Builder = BUILDERS[builder];
  const m = Math.floor(Math.sqrt(no_tokens));
  checkCount(kind, "objects", objects.length, max_objects);
  const ids = new Int32Array(max_objects * length + (encode_crop ? 2 : 0)).fill(no_tokens - 1);
  ids.set(
    objects
      .map((object, k) => [object, flaggedClass(settings, `${kind}[${k}]`, object)] as const)
      .filter(([{ box }]) => overlap(box, crop))
      .flatMap(([{ box }, id]) => [id, ...place(cropped(box, encode_crop ? WHOLE : crop), m, shift)]),
  );
  if (encode_crop) ids.set(BUILDERS.objects_bbox.place(crop, m, shift), max_objects * length);
  return ids;
}

// The class, and flags as multiples of the number of classes: group 1, occluded 2, depiction 4, inside 8.
function flaggedClass({ classes, flags: known, no_tokens, shift }: FridoSettings, place: string, object: NumberedObject): number {
  const flags = [...new Set(object.flags)];
  const unknown = flags.filter((flag) => !known.includes(flag));
  if (unknown.length > 0)
    throw new RangeError(`${place}.flags: got ${unknown.join(", ")}; this model knows ${known.length > 0 ? known.join(", ") : "no flags"}`);
  const id = object.class + classes.length * flags.reduce((sum, flag) => sum + 2 ** FLAGS.indexOf(flag), 0);
  if (id >= no_tokens + shift)
    throw new RangeError(`${place}: with ${flags.join(", ")} its token is ${id}, want one below ${no_tokens + shift}; leave the flags out`);
  return id;
}

/** The tokenizer of an official model. @throws CheckpointError if the file is not as it must be */
export function fridoTokenizer(file: string, json: JsonObject): SceneTokenizer {
  const settings = fridoSettings(file, json);
  const { builder, classes, no_tokens, shift, max_objects } = settings;
  const { kind, length: perObject, unconditional }: Builder = BUILDERS[builder];
  const length = max_objects * perObject + (settings.encode_crop ? 2 : 0);
  const classNumber = numbered("class", classes);
  return {
    kinds: [kind],
    classes,
    predicates: [],
    length,
    vocabulary: no_tokens + shift,
    tokens(condition: SceneCondition): SceneTokens {
      if ("labels" in condition)
        return {
          ids: fridoTokens(
            settings,
            condition.labels.map((label, k) => ({ class: classNumber(`labels[${k}]`, label), box: WHOLE })),
          ),
        };
      if (!("layout" in condition)) throw new TypeError(`${builder}: got no ${kind}`);
      const { layout, crop } = condition;
      const objects = layout.map(({ what, box, flags }, k) => ({ class: classNumber(`layout[${k}].what`, what), box, flags }));
      if (objects.length > 0 && crop && !objects.some(({ box }) => overlap(box, crop)))
        throw new RangeError(`layout: got no object that overlaps the crop [${crop.join(", ")}], want at least one`);
      return { ids: fridoTokens(settings, objects, crop) };
    },
    unconditional: () =>
      (settings.unconditional ?? unconditional) === "zero embedding" ? "zero embedding" : { ids: new Int32Array(length) },
  };
}
