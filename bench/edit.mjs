/** @file An edit of one picture by CycleDiffusion: its time, its network calls, and the share of the steps' time that the network takes. */
import { createRng, cycleDiffusion, openModel, randn } from "veduta";
import { modelNote, withCheckpoint } from "./checkpoint.mjs";
import { THREADS } from "./race.mjs";

const STEPS = 50;

/** @returns {Promise<import("./table.mjs").Row[]>} */
export const measureEdit = () =>
  withCheckpoint(async ({ path, weights }) => {
    const model = await openModel(path, { device: "cpu", threads: THREADS });
    const side = model.config.window * model.config.scaleFactor;
    const image = { data: randn(createRng(1), [1, 3, side, side]).data.map(Math.tanh), shape: [1, 3, side, side] };
    let [calls, network] = [0, 0];
    /** @type {import("veduta").EditModel} */
    const counted = Object.assign(Object.create(model), {
      predictRowNoise: async (/** @type {Parameters<typeof model.predictRowNoise>} */ ...words) => {
        const begun = performance.now();
        const noise = await model.predictRowNoise(...words);
        calls++;
        network += performance.now() - begun;
        return noise;
      },
    });
    const run = cycleDiffusion(counted, { image, sourcePrompt: "hills at noon", prompt: "hills at night", steps: STEPS, seed: 1 });
    const begun = performance.now();
    for await (const _ of run);
    const seconds = (performance.now() - begun) / 1000;
    await model.close();
    const note = modelNote(weights);
    return [
      { what: `edit of ${side} px, ${STEPS} steps`, value: seconds, unit: "s", bound: 15, aim: 6, note },
      { what: "  network calls a step", value: calls / STEPS, unit: "", bound: 1, note: "a row for the source, two for the guided target" },
      { what: "  of the time outside the network", value: 1 - network / 1000 / seconds, unit: "", note: "encode, decode and arithmetic" },
    ];
  });
