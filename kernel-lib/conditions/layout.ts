/** @file Layouts: objects with boxes. */
import { anything, expectForm, list, object, oneOf, optional, text } from "../core/forms.js";
import { checkBox } from "./boxes.js";
import type { Box, ObjectFlag, SceneObject } from "./scene.js";

/** The flags in the order of their bits: 1, 2, 4, 8. */
export const FLAGS: readonly ObjectFlag[] = ["group", "occluded", "depiction", "inside"];

const LAYOUT = list(
  object(
    { what: text(/^/, "the name of a class"), box: optional(anything), flags: optional(list(oneOf(FLAGS), "a list of flags")) },
    '{ what: "a class", box: [x, y, width, height] }',
  ),
  'a list of objects { what: "a class", box: [x, y, width, height] }',
);

/**
 * The value, if it is a layout.
 * @throws TypeError if it has another form; RangeError for a box that does not lie in the picture; both name the object's index
 */
export const checkLayout = (value: unknown): readonly SceneObject[] =>
  expectForm(LAYOUT, value, ({ field, want, found }) => new TypeError(`layout${field}: got ${found}, want ${want}`)).map(
    ({ what, box, flags }, k) => ({ what, box: checkBox(`layout[${k}].box`, box), ...(flags && { flags }) }),
  );

/** The crop of a layout. @throws RangeError */
export const checkCrop = (value: unknown): Box | undefined => (value === undefined ? undefined : checkBox("crop", value));
