/** @file What a scene may be asked for with, beside a picture: a layout, labels, a scene graph or a sentence. */

/** Left, top, width and height as shares of the picture's width and height, each in [0,1]. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** What the data sets of Frido note about an object beside its class. */
export type ObjectFlag = "group" | "occluded" | "depiction" | "inside";

/** A thing and where it is. */
export interface SceneObject {
  /** one of the model's classes, such as "boat" */
  readonly what: string;
  readonly box: Box;
  /** for models that were trained with them */
  readonly flags?: readonly ObjectFlag[];
}

/** Objects and how they lie to each other. */
export interface SceneGraph {
  /** classes; one may stand twice */
  readonly objects: readonly string[];
  /** subject, predicate, object; subject and object are places in `objects`, from 0 */
  readonly relations: readonly (readonly [subject: number, predicate: string, object: number])[];
}

/** One of the four ways to ask for a scene. */
export type SceneCondition =
  | {
      readonly layout: readonly SceneObject[];
      /** the part that is painted, of the picture that the boxes lie in; the whole picture if absent */
      readonly crop?: Box;
    }
  | { readonly labels: readonly string[] }
  | { readonly graph: SceneGraph }
  | { readonly prompt: string };

/** The name of a condition's kind. */
export type SceneKind = "layout" | "labels" | "graph" | "prompt";

/** A condition as the numbers that the token transformer reads. */
export interface SceneTokens {
  /** [T] int32 */
  readonly ids: Int32Array;
  /** [T], 1 for a token and 0 for padding; absent where the model attends to padding too */
  readonly keep?: Float32Array;
}

/** Turns conditions into tokens, for one model. */
export interface SceneTokenizer {
  /** the kinds that the model was trained on */
  readonly kinds: readonly SceneKind[];
  /** the names of objects that it knows; empty where any name will do */
  readonly classes: readonly string[];
  /** the relations that it knows; empty where it knows none, or where any will do */
  readonly predicates: readonly string[];
  /** tokens of a condition, padding included: T */
  readonly length: number;
  /** one more than the largest id: the rows that the table of embeddings must have */
  readonly vocabulary: number;
  /**
   * @throws TypeError for a condition of another form or kind, RangeError for one that the model does not know or has no room for: its place, what was
   * given, what is wanted
   */
  tokens(condition: SceneCondition): SceneTokens;
  /** the tokens of guidance without a condition, for models that were trained so; "zero embedding" for those that want zeros instead of a context */
  unconditional(kind: SceneKind): SceneTokens | "zero embedding";
}
