/** @file The names of the bundled checkpoints. */

/** Checkpoints that come with Veduta, by name. `veduta models list` names those that can be pulled. */
export const BUNDLED_MODELS: readonly string[] = ["tiny-landscapes", "tiny-noon", "tiny-night"];
