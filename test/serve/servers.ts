/** @file Servers of a tiny checkpoint for tests: the product's own, in this process, and raw requests to it. */
import type { OpenFunctions } from "#kernel-lib/pipelines/serving/open-functions.js";
import { openFunctions } from "#kernel-lib/pipelines/serving/open-functions.js";
import { type ModelServer, type ServeOptions, serveModel } from "#kernel-lib/serve/serve-model.js";

/** Options that tests change. */
export const SERVE: ServeOptions = { host: "127.0.0.1", port: 0, tokens: [], maxWaiting: 256, version: "0.0.0" };

/** Serves a checkpoint on one thread of the CPU. */
export async function serveTiny(path: string, options: Partial<ServeOptions> = {}): Promise<ModelServer> {
  const opening = openFunctions(path, { device: "cpu", threads: 1 });
  const server = await serveModel(opening, { ...SERVE, ...options });
  await opening;
  return server;
}

/** A model whose calls wait until the test lets them go on, each by its turn. */
export function heldModel(model: OpenFunctions): {
  readonly model: OpenFunctions;
  readonly release: () => void;
  readonly running: () => number;
} {
  const waiting: (() => void)[] = [];
  return {
    model: {
      ...model,
      async run(...call) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return model.run(...call);
      },
    },
    release: () => waiting.shift()?.(),
    running: () => waiting.length,
  };
}

/** Runs to the end. @returns what the run returns */
export async function drained<T>(run: AsyncGenerator<unknown, T>): Promise<T> {
  let next = await run.next();
  while (!next.done) next = await run.next();
  return next.value;
}
