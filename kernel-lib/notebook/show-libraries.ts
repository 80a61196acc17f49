/** @file Libraries are shown once a notebook, before the first figure that needs them. */
import { kernelHost } from "../core/host.js";
import { type LibraryName, libraryBundle } from "./display-library.js";
import type { Sink } from "./display-sinks.js";

/** What is known of the output that carries a library: the cell, and which execution of it (every one has a signal of its own). */
interface Carrier {
  readonly cell?: string;
  readonly execution?: AbortSignal;
}

const carriers = new WeakMap<Sink, Map<LibraryName, Carrier>>();

/**
 * Shows the libraries that this notebook does not hold yet. Where our kernel says which cell runs, also those whose output was replaced,
 * because the cell that held it runs again; in other kernels once a process.
 */
export async function showLibraries(sink: Sink, needs: readonly LibraryName[]): Promise<void> {
  if (sink.name === "files") return; // a page of its own links them
  const host = kernelHost();
  const held = carriers.get(sink) ?? new Map<LibraryName, Carrier>();
  carriers.set(sink, held);
  for (const name of needs) {
    const carrier = held.get(name);
    const replaced = carrier && host && carrier.cell === host.cell && carrier.execution !== host.signal;
    if (carrier && !replaced) continue;
    const bundle = libraryBundle(name);
    held.set(name, { cell: host?.cell, execution: host?.signal });
    await sink.show(bundle, {});
  }
}
