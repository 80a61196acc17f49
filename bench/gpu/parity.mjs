/** @file A device against the official code's numbers: single networks, runs, and the gradient of a run's steps. */
import { multiDiffusion, openModel, syncDiffusion } from "veduta";
import { followRun, forcedGradients } from "../../test/golden/follow.mjs";
import { has, maxOverStd, perceptualFiles, reference, relativeL2 } from "../../test/golden/golden.mjs";
import { textUnit, unetUnit, vaeUnit } from "../../test/golden/units.mjs";
import { startRuntime } from "./internals.mjs";

/**
 * @typedef {import("../table.mjs").Row} Row
 * @typedef {import("veduta").Precision} Precision
 * @typedef {{ readonly device: import("veduta").Device, readonly precision: Precision, readonly threads: number }} Where
 */

/** What a latent may differ by, over its standard deviation. @type {Record<Precision, number>} */
const LATENT = { float32: 1e-3, float16: 5e-2 };
/** Relative L2 of a network's output and of its gradients. */
const UNIT = { float32: { output: 1e-3, gradient: 1e-3 }, float16: { output: 1e-2, gradient: 3e-2 } };
const GRADIENTS = ["dx", "dtext", "dz"];
/** Of a run's gradients from stored latents: ReLUs and pools of SqueezeNet flip. In half precision it informs. */
const FORCED = { float32: 2.5e-2, float16: undefined };

/** A run of our own for where the official synchronised one is not: the checkpoint of another, gently. */
const GENTLE = { weight: 1, steps: 6 };

/** @param {Where} where @returns {Promise<Row[]>} */
export async function measureParity(where) {
  const rows = [...(await units(where)), await multi(where), ...(await forced(where))];
  rows.push(has("runs/sync_w20.json") ? await official(where, "sync_w20") : await gentle(where));
  return rows;
}

/** @param {Where} where @returns {Promise<Row[]>} */
async function units({ device, precision, threads }) {
  const runtime = startRuntime({ device, threads });
  const rows = [];
  /** the other networks are in float32 whatever the precision */
  const others = /** @type {const} */ ([
    ["autoencoder", vaeUnit("sd1-tiny", "a")],
    ["text encoder", textUnit("sd1-tiny")],
  ]);
  const cases = /** @type {const} */ ([["U-Net", unetUnit("sd1-tiny", "a", { precision })], ...(precision === "float32" ? others : [])]);
  for (const [name, { graph, feeds, want }] of cases) {
    const session = await runtime.open(graph);
    const results = await session.run(feeds);
    await session.release();
    for (const kind of /** @type {const} */ (["output", "gradient"])) {
      const keys = Object.keys(want).filter((key) => GRADIENTS.includes(key) === (kind === "gradient"));
      const errors = keys.map((key) => relativeL2(results[key].data, want[key]));
      if (errors.length > 0)
        rows.push({ what: `${name}: ${kind}s`, value: Math.max(...errors), unit: "", bound: UNIT[precision][kind], note: "relative L2" });
    }
  }
  await runtime.close();
  return rows;
}

/** @param {string} what @param {readonly number[]} errors @param {Precision} precision @returns {Row} */
const latents = (what, errors, precision) => ({
  what,
  value: errors[errors.length - 1],
  unit: "",
  bound: LATENT[precision],
  note: `latents after ${errors.length} steps, max / std; any step ${Math.max(...errors).toExponential(1)}`,
});

/** @param {Where} where @returns {Promise<Row>} */
async function multi(where) {
  const golden = reference("md_sd1");
  const model = await openModel(golden.checkpoint, where);
  const { errors } = await followRun(multiDiffusion(model, golden.options), golden);
  await model.close();
  return latents("official MultiDiffusion, md_sd1", errors, where.precision);
}

/** @param {Where} where @param {string} name @returns {Promise<Row>} */
async function official(where, name) {
  const golden = reference(name);
  const model = await openModel(golden.checkpoint, { ...where, perceptual: perceptualFiles("vgg") });
  const { errors } = await followRun(syncDiffusion(model, golden.options), golden);
  await model.close();
  return latents(`official SyncDiffusion, ${name}`, errors, where.precision);
}

/** @param {Where} where @returns {Promise<Row[]>} */
async function forced(where) {
  const golden = reference("sync_squeeze_random_lin");
  const model = await openModel(golden.checkpoint, { ...where, perceptual: perceptualFiles("squeeze, random linear weights") });
  const found = await forcedGradients(model, golden);
  await model.close();
  const worst = (/** @type {"gradient" | "loss"} */ key) => Math.max(...found.map((step) => step[key]));
  return [
    {
      what: "official SyncDiffusion, sync_squeeze_random_lin",
      value: worst("gradient"),
      unit: "",
      bound: FORCED[where.precision],
      note: `gradients from the stored latents, relative L2; losses ${worst("loss").toExponential(1)}`,
    },
  ];
}

/** @param {Where} where @returns {Promise<Row>} */
async function gentle(where) {
  const { checkpoint, options } = reference("sync_squeeze_random_lin");
  const run = async (/** @type {Where} */ place) => {
    const model = await openModel(checkpoint, { ...place, perceptual: perceptualFiles("squeeze, random linear weights") });
    const steps = [];
    for await (const { latent } of syncDiffusion(model, { ...options, ...GENTLE })) steps.push(latent.data);
    await model.close();
    return steps;
  };
  const [got, want] = [await run(where), await run({ ...where, device: "cpu", precision: "float32" })];
  const errors = got.map((latent, k) => maxOverStd(latent, want[k]));
  return latents(`SyncDiffusion, weight ${GENTLE.weight}, against the CPU in float32`, errors, where.precision);
}
