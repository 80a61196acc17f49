/**
 * @file Energies of pictures, for guidance without training (Langevin steps on a code, and whatever else follows a gradient): low where a picture
 * is what is asked for. A new energy is one function. The judge of tiny-landscapes is none: it counts successes and guides nothing.
 */
import type { Tensor } from "../../core/tensor.js";
import type { Classifier, DualEncoder, EnergyGradient, TextEnergies } from "../../diffusion/capabilities.js";

/** Images [N,3,H,W] in [-1,1], as decoded -> energies [N] and their gradients [N,3,H,W]. */
export type Energy = (images: Tensor) => Promise<EnergyGradient>;

/**
 * 1 − cosine of each picture and a prompt: 0 where they fit best, 2 at most. The prompt is read once, at the first call.
 * @source unified-generative-zoo's CLIP energy (ChenWu98/cycle-diffusion, section "plug-and-play guidance"), with any dual encoder.
 */
export function textEnergy(dual: DualEncoder & TextEnergies, prompt: string): Energy {
  let text: Tensor | undefined; // [1,E]
  return async (images) => {
    text ??= await dual.embedPrompts(prompt);
    return dual.textEnergyGradient(images, text);
  };
}

/** Cross-entropy −log p(label) of a classifier: 0 where it is certain of the label. @throws RangeError, at the first call, for a label that it does not know */
export const classEnergy =
  (classifier: Classifier, label: string): Energy =>
  (images) =>
    classifier.classEnergyGradient(images, label);

/**
 * A dual encoder as a classifier: a prompt for each label, and softmax over their cosines by the learned temperature (CLIP, arXiv:2103.00020,
 * section 3.1.2). The prompts are read once, at the first call.
 * @param prompts by label: `{ noon: "a landscape at noon", night: "a landscape at night" }`
 * @throws RangeError for fewer than two labels
 */
export function zeroShotClassifier(dual: DualEncoder & TextEnergies, prompts: Readonly<Record<string, string>>): Classifier {
  const labels = Object.keys(prompts);
  if (labels.length < 2) throw new RangeError(`zeroShotClassifier: got ${labels.length} labels, want at least two, a prompt each`);
  let texts: Tensor | undefined; // [K,E]
  return {
    async classEnergyGradient(images, label, options) {
      const wanted = labels.indexOf(label);
      if (wanted < 0) throw new RangeError(`classEnergyGradient: label "${label}", want one of ${labels.join(", ")}`);
      texts ??= await dual.embedPrompts(labels.map((name) => prompts[name]));
      return dual.choiceEnergyGradient(images, texts, wanted, options);
    },
  };
}
