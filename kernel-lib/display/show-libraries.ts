/** @file Shows each library once per notebook, before the first figure that needs it. */
import { kernelHost } from "../core/host.js";
import { type LibraryName, libraryBundle } from "../pages/display-library.js";
import type { Sink } from "./display-sinks.js";

/** The output that carries a library: its cell, and the execution of that cell, which its signal identifies. */
interface Carrier {
  readonly cell?: string;
  readonly execution?: AbortSignal;
}

const carriers = new WeakMap<Sink, Map<LibraryName, Carrier>>();

/**
 * Shows the libraries that this notebook does not hold yet. Under Veduta's kernel a library is shown again when the cell that carried it is
 * re-run, because its output is gone; elsewhere it is shown once per process. Must be called for every output, even with no needs: that is
 * how re-runs are noticed.
 */
export async function showLibraries(sink: Sink, needs: readonly LibraryName[]): Promise<void> {
  if (sink.name === "files") return; // its pages link the library files
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
