/** @file The main job as a user runs it, `veduta paint`, with the model's calls timed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "#kernel-lib/cli.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { modelNote, withCheckpoint } from "./checkpoint.mjs";
import { peakMiB } from "./memory.mjs";
import { THREADS } from "./race.mjs";

/**
 * Milliseconds a step in each kind of call; a step begins with the anchor's noise, a call of one row.
 * @typedef {"anchor" | "gradient" | "denoise" | "decode"} Kind
 */

/**
 * @param {import("#kernel-lib/pipelines/model.js").Model} model
 * @param {Record<Kind, number>[]} steps grows by a record a step
 * @returns {import("#kernel-lib/pipelines/model.js").Model}
 */
function timed(model, steps) {
  const { window } = model.config;
  /** @type {<A extends unknown[], R>(call: (...words: A) => Promise<R>, kindOf: (...words: A) => Kind) => (...words: A) => Promise<R>} */
  const timing =
    (call, kindOf) =>
    async (...words) => {
      const kind = kindOf(...words);
      const begun = performance.now();
      const result = await call(...words);
      const step = steps[steps.length - 1];
      if (step) step[kind] += performance.now() - begun;
      return result;
    };
  const noise = timing(model.predictNoise, (latent) => (latent.shape[0] === 1 ? "anchor" : "denoise"));
  /** @type {Partial<import("#kernel-lib/pipelines/model.js").Model>} */
  const calls = {
    predictNoise(latent, options) {
      if (latent.shape[0] === 1) steps.push({ anchor: 0, gradient: 0, denoise: 0, decode: 0 });
      return noise(latent, options);
    },
    perceptualGradient: timing(model.perceptualGradient, () => "gradient"),
    decode: timing(model.decode, (latent) => (latent.shape[3] === window ? "anchor" : "decode")),
  };
  return Object.assign(Object.create(model), calls);
}

/** @returns {Promise<import("./table.mjs").Row[]>} */
export const measurePaint = () =>
  withCheckpoint(async ({ path, weights }) => {
    const out = mkdtempSync(join(tmpdir(), "veduta-bench-"));
    /** @type {Record<Kind, number>[]} */
    const steps = [];
    const words = [
      "paint",
      "mountains",
      "--width",
      "768",
      "--loop",
      "--seed",
      "7",
      "--model",
      path,
      "--threads",
      String(THREADS),
      "--out",
      join(out, "run"),
    ];
    // a gradient of random networks leads nowhere, and far
    if (weights === "random") words.push("--weight", "0.001");
    /** @type {string[]} */
    const told = [];
    const [begun, used] = [performance.now(), process.cpuUsage()];
    const code = await main(words, {
      openModel: async (...model) => timed(await openModel(...model), steps),
      stdout: { write: () => true },
      stderr: { write: (text) => told.push(text) > 0 },
      onInterrupt: () => () => {},
    });
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(used);
    const processor = (user + system) / 1e6;
    rmSync(out, { recursive: true, force: true });
    if (code !== 0) throw new Error(`veduta paint ended with exit code ${code}:\n${told.join("")}`);

    const perStep = (/** @type {Kind} */ kind) => median(steps.map((step) => step[kind]));
    const kinds = /** @type {const} */ ({
      anchor: "its noise and its picture, one window",
      gradient: "of the others' distance to it",
      denoise: "noise of all windows",
      decode: "the foreseen panorama, kept as a picture",
    });
    const what = "veduta paint: 50 synchronised steps, 24 windows, closed, 768 px";
    return [
      { what, value: seconds, unit: "s", bound: 90, aim: 60, note: `${modelNote(weights)}, ${THREADS} threads` },
      { what: "  processor seconds", value: processor, unit: "s", note: "of all threads: what a busy machine changes least" },
      { what: "  peak memory", value: peakMiB(), unit: "MiB", note: "of the whole process" },
      ...Object.entries(kinds).map(([kind, note]) => ({
        what: `  a step: ${kind}`,
        value: perStep(/** @type {Kind} */ (kind)),
        unit: "ms",
        note,
      })),
    ];
  });

/** @param {number[]} list */
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
