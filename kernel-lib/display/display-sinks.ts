/** @file Where bundles go: our kernel, stock tslab, Deno's kernel; a list for tests. Files are in display-files.ts. */
import module from "node:module";
import { kernelHost, type MimeBundle } from "../core/host.js";
import type { LibraryName } from "../pages/display-library.js";
import type { Out } from "./progress.js";

export interface ShowOptions {
  /** names the output, so that it can be replaced */
  readonly id?: string;
  /** in place of what was shown under the same id */
  readonly update?: boolean;
  /** scripts that the output's HTML needs to be live */
  readonly needs?: readonly LibraryName[];
}

/** A place that shows bundles, in the order of the calls. */
export interface Sink {
  readonly name: "veduta" | "tslab" | "deno" | "files" | "memory";
  show(bundle: MimeBundle, options: ShowOptions): void | Promise<void>;
  /** where progress is told in lines, because nobody sees an output while it changes */
  readonly lines?: Out;
}

const ofHost: Sink = { name: "veduta", show: (bundle, { id, update }) => kernelHost()?.display(bundle, { id, update }) };

/** tslab has no public way to show a bundle of several types; its own writer, new with every cell, is in its module (1.0.22, jupyter.js). */
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

/** Outside Deno's kernel reading `Deno.jupyter` throws. */
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

/** The notebook that runs this code; undefined in a plain script. Our kernel runs tslab's compiler, so it is looked for first. */
export function notebookSink(): Sink | undefined {
  if (kernelHost()) return ofHost;
  if (tslabModule()?.lastWriteDisplayData) return ofTslab;
  return denoJupyter() ? ofDeno : undefined;
}

/** One thing that was shown. */
export interface Shown extends ShowOptions {
  readonly bundle: MimeBundle;
}

/** Keeps what is shown, for tests: a notebook that nobody sees. */
export function memorySink(): Sink & { readonly shown: Shown[] } {
  const shown: Shown[] = [];
  return { name: "memory", shown, show: (bundle, options) => void shown.push({ bundle, ...options }) };
}
