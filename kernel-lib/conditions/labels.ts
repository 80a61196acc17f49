/** @file Labels: the classes that a picture shall show. */
import { expectForm, list, text } from "../core/forms.js";

const LABELS = list(text(/^/, "the name of a class"), "a list of classes");

/** The value, if it is a list of texts. @throws TypeError naming the place */
export const checkLabels = (value: unknown): readonly string[] =>
  expectForm(LABELS, value, ({ field, want, found }) => new TypeError(`labels${field}: got ${found}, want ${want}`));
