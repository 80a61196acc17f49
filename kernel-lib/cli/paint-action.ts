/** @file The action of `veduta paint`. */
import { allMethods, methodNamed } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import { expectFree, expectOwnFlags, type RunFlags, runIntoFolder, started, withModel } from "./run-command.js";

/** Paints, and writes the run step by step. @throws UsageError for wrong flags; InterruptedError if the user stops it */
export async function paint(prompt: string, flags: RunFlags, deps: CliDeps): Promise<void> {
  const method = methodNamed(flags.method);
  expectOwnFlags(flags, method, allMethods());
  if (flags.out !== undefined) await expectFree(flags.out, flags.force);
  const begun = performance.now();
  await withModel(flags, deps, async (opened) => {
    const run = started(() => method.run(opened.model, { ...flags, prompt, signal: opened.signal } as never));
    await runIntoFolder(run, flags, opened, deps, { picture: "panorama.png", begun });
  });
}
