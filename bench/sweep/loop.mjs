/** @file The runs of a sweep in one plain loop, each saved as a sweep saves it: what a sweep's own work is compared with. Words: runs, folder. */

import { methodNamed } from "#kernel-lib/methods/methods.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { runHead } from "#kernel-lib/runs/run-head.js";
import { createRunWriter } from "#kernel-lib/runs/run-writer.js";
import { LOOP_OPTIONS } from "./loop-options.mjs";

const [runs, out] = process.argv.slice(2);
const { method: name, ...options } = LOOP_OPTIONS;
const model = await openModel(undefined, { device: "cpu", threads: 1 });
for (let seed = 0; seed < Number(runs); seed++) {
  const run = methodNamed(name).run(model, /** @type {never} */ ({ ...options, seed }));
  const writer = await createRunWriter(`${out}/${seed}`, runHead(name, run, model), { foreseenEvery: 0 });
  let next = await run.next();
  for (; !next.done; next = await run.next()) await writer.step(next.value);
  await writer.finish(next.value);
}
await model.close();
