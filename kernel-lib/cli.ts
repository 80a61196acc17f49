#!/usr/bin/env node
/**
 * @file The command line. Exit codes: 0 done, 1 the run failed, 2 wrong arguments, 130 stopped by Ctrl-C.
 */
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { type CliDeps, InterruptedError, UsageError } from "./cli/command.js";
import { COMMANDS } from "./cli/commands.js";

/**
 * Runs one command.
 * @param words the command-line arguments, without node and the script
 * @returns the exit code
 */
export async function main(words: readonly string[], deps: CliDeps): Promise<number> {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  const program = new Command("veduta")
    .description("Joint-diffusion panoramas: SyncDiffusion and its relatives, step by step.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => deps.stdout.write(text), writeErr: (text) => deps.stderr.write(text) })
    .showHelpAfterError("(see veduta --help, or --help of a command)");
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).summary(summary);
    if (isAsked(name, words)) (await load())(command, deps);
  }
  try {
    await program.parseAsync([...words], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === "commander.excessArguments")
        deps.stderr.write('A prompt of several words needs quotes: veduta paint "misty mountains"\n');
      return error.exitCode === 0 ? 0 : 2;
    }
    deps.stderr.write(error instanceof InterruptedError ? `${error.message}\n` : `error: ${describe(error)}\n`);
    return error instanceof UsageError ? 2 : error instanceof InterruptedError ? 130 : 1;
  }
}

/** Whether what a command takes is needed: of `veduta paint` and `veduta help paint` paint's, for a shell's completion every command's. */
const isAsked = (name: string, [first, second]: readonly string[]): boolean =>
  name === first || (first === "help" && name === second) || first === "completion";

/** Errors whose message is all a user needs. Any other error is a bug of Veduta and is printed with its stack. */
const EXPLAINED = new Set([
  "UsageError",
  "CheckpointError",
  "FailedRunsError",
  "NotebookError",
  "KernelError",
  "DeviceError",
  "MemoryError",
  "NumericError",
  "QueueError",
  "ShapeError",
  "RangeError",
  "ClosedError",
  "ServerError",
]);

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return EXPLAINED.has(error.name) || "code" in error ? error.message : (error.stack ?? error.message);
};

const STOPS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const deps: CliDeps = {
  openModel: async (...model) => (await import("./pipelines/open-model.js")).openModel(...model),
  stdout: process.stdout,
  stderr: process.stderr,
  openPage: async (file) => (await import("./cli/open-page.js")).openPage(file),
  onInterrupt: (stop) => {
    // Once: a second Ctrl-C ends the process. SIGHUP (a closed terminal) and SIGTERM stop the run too.
    for (const signal of STOPS) process.once(signal, stop);
    return () => {
      for (const signal of STOPS) process.off(signal, stop);
    };
  },
};

const script = process.argv[1];
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) {
  // A reader that has seen enough (`veduta paint --help | head`) is no error, and the work goes on.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  void main(process.argv.slice(2), deps).then((code) => {
    process.exitCode = code;
    if (code === 130) process.exit(); // a model that is still loading would keep the process alive
  });
}
