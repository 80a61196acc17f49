/**
 * @file What a synchronised step takes: seconds, memory, and how much of the device's rate it reaches.
 * Arguments, run alone: device, precision, windows per call ("4,8" or "all"), timed steps, the checkpoint's folder.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { openModel, syncDiffusion } from "veduta";
import { printTable } from "../table.mjs";
import { flopsOf, networkGraphs } from "./internals.mjs";
import { usedBefore, watchMemory } from "./watch.mjs";

/** A gradient of random networks leads nowhere, and far. */
const WEIGHT = 0.001;

/**
 * @typedef {import("./parity.mjs").Where} Where
 * @typedef {object} StepOptions
 * @property {string} path the checkpoint
 * @property {readonly (number | "all")[]} batches windows a call, ascending; those after the first that does not fit are left out
 * @property {number} steps that are timed, after a first
 * @property {{ readonly product: number }} [rates] TFLOP/s of the device's matrix products, to compare with
 * @property {number} [crossing] seconds per byte to the device or back, to compare with
 * @property {number} before MiB in use on the device by others
 */

/** @param {Where} where @param {StepOptions} options @returns {Promise<import("../table.mjs").Row[]>} */
export async function measureSteps(where, options) {
  const rows = [];
  console.log(`  ${where.precision}: opening the model …`);
  const model = await openModel(options.path, where);
  try {
    for (const batch of options.batches)
      try {
        console.log(`  ${where.precision}, batch ${batch}: loading its networks and taking the first step …`);
        const found = await step(model, where, batch, options);
        for (const { what, value, unit, note } of found) console.log(`  ${what}: ${value.toPrecision(3)} ${unit}; ${note}`); // a run may be cut short
        rows.push(...found);
      } catch (error) {
        const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
        console.log(`  ${where.precision}, batch ${batch}: did not run (${line})`);
        break;
      }
    return rows;
  } finally {
    await model.close();
  }
}

/**
 * One batch size. Sessions of smaller ones stay loaded while the device has room, so a peak is that of the model so far.
 * @param {import("veduta").Model} model @param {Where} where @param {number | "all"} asked @param {StepOptions} options
 * @returns {Promise<import("../table.mjs").Row[]>}
 */
async function step(model, where, asked, { path, steps, rates, crossing, before }) {
  const watch = watchMemory(where.device, before);
  try {
    const plan = syncDiffusion(model, { prompt: "mountains", seed: 7, weight: WEIGHT }).options;
    const windows = plan.windows.length;
    const batch = asked === "all" ? windows : Math.min(asked, windows);
    const run = syncDiffusion(model, { prompt: "mountains", seed: 7, weight: WEIGHT, steps: 50, batch });
    const opened = performance.now();
    await run.next();
    const first = (performance.now() - opened) / 1000;
    let fastest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < steps; k++) {
      const begun = performance.now();
      await run.next();
      fastest = Math.min(fastest, (performance.now() - begun) / 1000);
    }
    const peak = watch.stop();
    const { flops, bytes } = cost(path, model, windows, batch);
    const rate = flops / fastest / 1e12;
    const share = rates === undefined ? "" : `, ${((100 * rate) / rates.product).toFixed(0)} % of the product's`;
    const row = {
      what: `a step, ${plan.width}×${plan.height}, ${where.precision}, batch ${batch}`,
      value: fastest,
      unit: "s",
      note:
        `${windows} windows, ${(flops / 1e12).toPrecision(3)} TFLOP: ${rate.toPrecision(3)} TFLOP/s${share}; ` +
        `peak memory ${peak === undefined ? "unknown" : `${Math.round(peak)} MiB`}; the first, with loading, ${first.toFixed(1)} s`,
    };
    if (crossing === undefined) return [row];
    const note = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return [row, { what: "  tensors to the device and back", value: (100 * bytes * crossing) / fastest, unit: "% of it", note }];
  } finally {
    watch.stop();
  }
}

/**
 * Products of a step, recomputation not counted, and the bytes that its calls take and give: the anchor foreseen, the others' gradients, all
 * windows' noise.
 * @param {string} path @param {import("veduta").Model} model @param {number} windows @param {number} batch
 */
function cost(path, model, windows, batch) {
  const side = model.config.window;
  const { graph, textWidth } = networkGraphs(path);
  // counted from graphs that store everything, since what is computed again does not count
  const flopsPerWindow = (/** @type {import("./internals.mjs").Kind} */ kind) =>
    flopsOf(graph(kind, { batch: 1, side, activations: "stored" }));
  const flops = (windows + 1) * flopsPerWindow("noise") + flopsPerWindow("decode") + (windows - 1) * flopsPerWindow("gradient");

  const latent = 4 * model.config.latentChannels * side ** 2;
  const image = 4 * 3 * (model.config.scaleFactor * side) ** 2;
  const text = 4 * 2 * 77 * textWidth;
  const calls = (/** @type {number} */ n) => Math.ceil(n / batch);
  // Where tensors stay on the device, the text is there and the anchor's image never leaves it.
  const sent = model.foresee ? latent : 2 * latent + text + (latent + image) + calls(windows - 1) * (text + image) + calls(windows) * text; // (a), and what (b) and (d) repeat
  const bytes = sent + 2 * (windows - 1) * latent + 2 * windows * latent; // (b) gradients, (d) noise
  return { flops, bytes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [device, precision, batches, steps, path] = process.argv.slice(2);
  const where = /** @type {import("./parity.mjs").Where} */ ({ device, precision, threads: availableParallelism() });
  const list = batches.split(",").map((batch) => (batch === "all" ? batch : Number(batch)));
  const rows = await measureSteps(where, { path, batches: list, steps: Number(steps), before: usedBefore() });
  printTable(rows);
  if (rows.length === 0) process.exitCode = 1;
}
