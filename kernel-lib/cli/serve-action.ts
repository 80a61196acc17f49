/** @file The action of `veduta serve`. */
import { createRequire } from "node:module";
import { readText } from "../core/files.js";
import { modelEnvironment } from "../pipelines/environment.js";
import { BUNDLED_MODELS } from "../pipelines/open-model.js";
import { openFunctions } from "../pipelines/serving/open-functions.js";
import { isAddress } from "../pipelines/serving/server-address.js";
import { serveModel } from "../serve/serve-model.js";
import { type CliDeps, UsageError } from "./command.js";
import { deviceInWords } from "./notes.js";
import type { ModelFlags } from "./run-command.js";

/** The flags of `veduta serve`. */
export interface ServeFlags extends ModelFlags {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly open?: true;
  readonly batch?: number;
  readonly maxWaiting: number;
}

/** What `veduta serve` needs. */
export type ServeDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/** Serves until the user stops it; the call that runs then is answered. @throws UsageError for flags that do not fit */
export async function serve(flags: ServeFlags, { stdout, stderr, onInterrupt }: ServeDeps): Promise<void> {
  const { host, port, tokenFile, maxWaiting, device, precision, threads, batch, prediction, lora, embedding } = flags;
  const tokens = tokenFile === undefined ? [] : tokensIn(tokenFile);
  if (tokens.length === 0 && !flags.open && !isOwn(host))
    throw new UsageError(`--host ${host}: anybody who reaches it could ask; give --token-file, or --open where that is wanted`);
  const model = flags.model ?? modelEnvironment().model ?? BUNDLED_MODELS[0];
  if (isAddress(model)) throw new UsageError(`--model ${model}: got the address of another server, want a checkpoint on this machine`);
  const { version } = createRequire(import.meta.url)("../../../package.json") as { version: string };
  const begun = performance.now();
  const opening = openFunctions(model, { device, precision, threads, batch, prediction, lora, embedding });
  opening.catch(() => {}); // thrown below
  const stopped = new Promise<void>((resolve) => {
    onInterrupt(() => resolve());
  });
  const server = await serveModel(opening, { host, port, tokens, maxWaiting, version });
  try {
    const opened = await opening;
    if (flags.verbose) for (const notice of opened.notices) stderr.write(`note: ${notice}\n`);
    const seconds = (performance.now() - begun) / 1000;
    stderr.write(`${model} on ${deviceInWords(opened)}, open after ${seconds.toFixed(1)} s: ${[...opened.functions.keys()].join(", ")}\n`);
    stdout.write(`${server.address}\n`);
    await stopped;
    stderr.write("Stopping after this network call. Press Ctrl-C again to stop at once.\n");
  } finally {
    await server.close();
  }
}

/** Whether an address is reached from this machine alone. */
const isOwn = (host: string): boolean => host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);

/** The tokens of a file; lines that begin with # are comments. @throws UsageError where there is none */
function tokensIn(file: string): readonly string[] {
  const tokens = readText(file)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (tokens.length === 0) throw new UsageError(`--token-file ${file}: got no token, want one a line`);
  return tokens;
}
