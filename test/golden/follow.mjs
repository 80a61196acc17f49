/** @file How far a model's runs and gradients are from a golden run's. */
import { createSchedule, crop, cropAll, rows, stack, x0FromEps } from "veduta";
import { maxOverStd, relativeL2 } from "./golden.mjs";

/**
 * Runs to the end.
 * @param {import("veduta").JointRun} run with a golden run's options
 * @param {import("./golden.mjs").Reference} reference
 * @returns {Promise<{ errors: number[], records: import("veduta").StepRecord[], result: import("veduta").JointResult }>} max |latent − the reference's| over its
 * standard deviation, a step
 * @throws Error where a step is at another timestep
 */
export async function followRun(run, { tensors }) {
  const [errors, records] = [/** @type {number[]} */ ([]), /** @type {import("veduta").StepRecord[]} */ ([])];
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    const { index, timestep, latent } = next.value;
    const wanted = tensors.timesteps.data[index];
    if (timestep !== wanted) throw new Error(`step ${index}: got timestep ${timestep}, want ${wanted}`);
    records.push(next.value);
    errors.push(maxOverStd(latent.data, rows(tensors.latents_after_step, index, index + 1).data));
  }
  return { errors, records, result: next.value };
}

/** The steps in which a golden run was synchronised. @param {import("./golden.mjs").Reference} reference */
export const syncedSteps = ({ tensors }) => [...tensors.synced_steps.data.keys()].filter((i) => tensors.synced_steps.data[i] === 1);

/**
 * The gradients of each synchronised step from the latent that the reference had then.
 * @param {import("veduta").Model} model
 * @param {import("./golden.mjs").Reference} reference
 * @returns {Promise<{ step: number, gradient: number, loss: number }[]>} relative L2 of the gradients, largest relative difference of a loss
 */
export async function forcedGradients(model, reference) {
  const { options, tensors } = reference;
  const { windows = [], text = tensors.text_embeds, guidanceScale } = options;
  const [anchor] = tensors.anchor_view_idx.data;
  const others = (/** @type {import("veduta").Tensor} */ x) => stack([rows(x, 0, anchor), rows(x, anchor + 1, windows.length)]);
  const found = [];
  for (const [k, step] of syncedSteps(reference).entries()) {
    const level = createSchedule(model.config.schedule).level(tensors.timesteps.data[step]);
    const before = () => ({ ...rows(tensors.latents_after_step, step - 1, step), shape: tensors.init_latent.shape });
    const latent = step === 0 ? tensors.init_latent : before();
    const ask = { timestep: level.t, text, guidanceScale };
    const xa = crop(latent, windows[anchor]);
    const image = await model.decode(x0FromEps(xa, await model.predictNoise(xa, ask), level));
    const { loss, gradient } = await model.perceptualGradient(others(cropAll(latent, windows)), { ...ask, anchor: image });
    const { data, shape } = rows(tensors.window_grad, k, k + 1); // [1,windows,c,h,w]
    const wanted = others({ data: rows(tensors.window_loss, step, step + 1).data, shape: [windows.length] });
    found.push({
      step,
      gradient: relativeL2(gradient.data, others({ data, shape: shape.slice(1) }).data),
      loss: Math.max(...loss.data.map((value, j) => Math.abs(value / wanted.data[j] - 1))),
    });
  }
  return found;
}
