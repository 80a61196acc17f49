/** @file The action of `veduta paint`. */
import { join } from "node:path";
import { duration } from "../core/words.js";
import { allMethods, methodNamed } from "../methods/methods.js";
import { reportPage } from "../pages/save-run.js";
import { runHead } from "../runs/run-head.js";
import { createRunWriter } from "../runs/run-writer.js";
import type { CliDeps } from "./command.js";
import { expectFree, expectOwnFlags, follow, type RunFlags, started, tenths, withModel } from "./run-command.js";

/** Paints, and writes the run step by step. @throws UsageError for wrong flags; InterruptedError if the user stops it */
export async function paint(prompt: string, flags: RunFlags, deps: CliDeps): Promise<void> {
  const method = methodNamed(flags.method);
  expectOwnFlags(flags, method, allMethods());
  if (flags.out !== undefined) await expectFree(flags.out, flags.force);
  const begun = performance.now();
  await withModel(flags, deps, async ({ model, signal, took }) => {
    const run = started(() => method.run(model, { ...flags, prompt, signal } as never));
    const dir = flags.out ?? join("veduta-out", `${method.name}-${run.options.seed}`);
    if (flags.out === undefined) await expectFree(dir, flags.force);
    deps.stderr.write(`${method.title} on ${model.device}, ${model.precision}, seed ${run.options.seed}\n`);
    const writer = await createRunWriter(dir, runHead(method, run, model, flags.model), {
      page: await reportPage(dir, flags.keep.report),
      existing: flags.force ? "replace" : "refuse",
      foreseenEvery: flags.keep.foreseen ? flags.foreseen : 0,
    });
    const saved = await follow(run, writer, signal, deps.stderr);
    const times = `${duration(tenths(performance.now() - begun))} in all, ${duration(tenths(took))} of them to open the model`;
    const written = ["panorama.png", ...(flags.keep.report === "none" ? [] : ["report.html"])].map((name) => `${join(dir, name)}\n`);
    deps.stdout.write(`${written.join("")}${saved.info.width} × ${saved.info.height} px, ${saved.steps.length} steps, ${times}\n`);
  });
}
