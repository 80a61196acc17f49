/** @file The sinks that show bundles in a notebook: Veduta's kernel, stock tslab, Deno's kernel; and a list for tests. display-files.ts has files. */
import module from "node:module";
import { kernelHost, type MimeBundle } from "../core/host.js";
import type { LibraryName } from "../pages/display-library.js";
import type { Out } from "./progress.js";

/** How a sink shows a bundle. */
export interface ShowOptions {
  /** the output's id, by which it can be replaced */
  readonly id?: string;
  /** replaces the output shown earlier under the same id */
  readonly update?: boolean;
  /** libraries that make the output's HTML interactive */
  readonly needs?: readonly LibraryName[];
}

/** Shows bundles, in the order of the calls. */
export interface Sink {
  readonly name: "veduta" | "tslab" | "deno" | "files" | "memory";
  show(bundle: MimeBundle, options: ShowOptions): void | Promise<void>;
  /** where progress is printed in lines, for sinks that cannot replace an output */
  readonly lines?: Out;
}

const ofHost: Sink = { name: "veduta", show: (bundle, { id, update }) => kernelHost()?.display(bundle, { id, update }) };

/** tslab has no public way to show a bundle of several types. Its internal writer, renewed for every cell, is in its module (1.0.22, jupyter.js). */
type TslabWriter = (message: DisplayData, update: boolean) => void;
type DisplayData = {
  readonly data: MimeBundle;
  readonly metadata: Record<string, never>;
  readonly transient: { readonly display_id?: string };
};
const message = (data: MimeBundle, id?: string): DisplayData => ({ data, metadata: {}, transient: { display_id: id } });

function tslabModule(): { readonly lastWriteDisplayData?: TslabWriter | null } | undefined {
  const cache = (module as unknown as { _cache?: Record<string, { exports: { lastWriteDisplayData?: TslabWriter | null } } | undefined> })
    ._cache;
  const key = Object.keys(cache ?? {}).find((file) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(file));
  return key === undefined ? undefined : cache?.[key]?.exports;
}

const ofTslab: Sink = {
  name: "tslab",
  show: (bundle, { id, update }) => tslabModule()?.lastWriteDisplayData?.(message(bundle, id), update ?? false),
};

interface DenoJupyter {
  broadcast(type: "display_data" | "update_display_data", content: DisplayData): Promise<void>;
}

/** Deno's notebook API; undefined outside its kernel, where reading `Deno.jupyter` throws. */
function denoJupyter(): DenoJupyter | undefined {
  const { Deno } = globalThis as { Deno?: { readonly jupyter?: DenoJupyter } };
  try {
    return typeof Deno?.jupyter?.broadcast === "function" ? Deno.jupyter : undefined;
  } catch {
    return undefined;
  }
}

const ofDeno: Sink = {
  name: "deno",
  show: (bundle, { id, update }) => denoJupyter()?.broadcast(update ? "update_display_data" : "display_data", message(bundle, id)),
};

/** The sink of the notebook that runs this code; undefined in a plain script. Veduta's kernel also contains tslab, so it is checked first. */
export function notebookSink(): Sink | undefined {
  if (kernelHost()) return ofHost;
  if (tslabModule()?.lastWriteDisplayData) return ofTslab;
  return denoJupyter() ? ofDeno : undefined;
}

/** One bundle that a memory sink received. */
export interface Shown extends ShowOptions {
  readonly bundle: MimeBundle;
}

/** A sink that keeps all bundles in a list, for tests. */
export function memorySink(): Sink & { readonly shown: Shown[] } {
  const shown: Shown[] = [];
  return { name: "memory", shown, show: (bundle, options) => void shown.push({ bundle, ...options }) };
}
