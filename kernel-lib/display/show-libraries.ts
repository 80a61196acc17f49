/** @file Libraries are shown once a notebook, before the first figure that needs them. */
import { kernelHost } from "../core/host.js";
import { type LibraryName, libraryBundle } from "../pages/display-library.js";
import type { Sink } from "./display-sinks.js";

/** What is known of the output that carries a library: the cell, and which execution of it (every one has a signal of its own). */
interface Carrier {
  readonly cell?: string;
  readonly execution?: AbortSignal;
}

const carriers = new WeakMap<Sink, Map<LibraryName, Carrier>>();

/**
 * Shows the libraries that this notebook does not hold yet. Where our kernel says which cell runs, one whose cell runs again is held no longer,
 * for its output was replaced; in other kernels each comes once a process. Called for every output, also those that need none: it learns from them.
 */
export async function showLibraries(sink: Sink, needs: readonly LibraryName[]): Promise<void> {
  if (sink.name === "files") return; // a page of its own links them
  const host = kernelHost();
  const held = carriers.get(sink) ?? new Map<LibraryName, Carrier>();
  carriers.set(sink, held);
  if (host) for (const [name, { cell, execution }] of held) if (cell === host.cell && execution !== host.signal) held.delete(name);
  for (const name of needs) {
    if (held.has(name)) continue;
    const bundle = libraryBundle(name);
    held.set(name, { cell: host?.cell, execution: host?.signal });
    await sink.show(bundle, {});
  }
}
