/** @file The classifier's capability: the perceptual network's own head, where its part keeps it. */
import { CheckpointError } from "../core/errors.js";
import { once } from "../core/once.js";
import { expectShape } from "../core/tensor.js";
import type { Classifier } from "../diffusion/capabilities.js";
import type { Engine } from "../engine/engine.js";
import { classEnergyProgram } from "../nets/classifier.js";
import { oneOf } from "./dual.js";
import type { OpenParts } from "./pipeline.js";
import type { StableDiffusionParts } from "./stable-diffusion-parts.js";

/**
 * The energies of classes of a checkpoint whose perceptual/ has classes.
 * @returns a function that throws a CheckpointError where perceptual/ is missing or has no classes
 */
export function classifier(parts: OpenParts<StableDiffusionParts>, engine: Engine): Classifier {
  const opened = once(() => {
    const perceptual = parts.part("perceptual");
    const { classes } = perceptual.config;
    if (!classes)
      throw new CheckpointError(perceptual.file, {
        expected: "a perceptual network with classes, such as tiny-landscapes'",
        found: "one without: its config.json has no classes",
        fix: "use zeroShotClassifier over a dual encoder, or a classifier of your own",
      });
    return { classes, program: classEnergyProgram(perceptual) };
  });
  return {
    async classEnergyGradient(image, label, { batch } = {}) {
      engine.expectOpen("classEnergyGradient");
      expectShape("classEnergyGradient", image, ["N", 3, "H", "W"]);
      const { classes, program } = opened();
      const group = classes.findIndex((names) => names.includes(label));
      if (group < 0) throw new RangeError(`classEnergyGradient: label "${label}", want one of ${classes.flat().join(", ")}`);
      const [, , height, width] = image.shape;
      const wanted = oneOf(classes[group].length, classes[group].indexOf(label));
      return engine.call(program, { height, width, group }, { rows: { image }, shared: { wanted } }, batch);
    },
  };
}
