/**
 * @file How figures are shown: one interface for Veduta's kernel, other kernels and plain scripts.
 *
 * A figure is a function that makes its forms, and the names of the libraries that make its HTML interactive:
 *
 *   displayable(async () => ({ "text/html": …, "image/png": …, "text/plain": "[losses of 24 windows, 50 steps]" }), { needs: ["plots"] })
 *
 * Its HTML holds a still picture and a job for the library (pages/panorama-figure.ts), so it is complete without scripts. A notebook gets a
 * library once, in an output of its own before the first figure that needs it. A plain script gets it as a file beside its pages.
 *
 * Stock tslab and Deno's kernel do not name the running cell, so a library is shown once per process there. Stock tslab does not wait for
 * work that a cell leaves running: end a cell with `await view.show()` there, not with `view`.
 */
import { kernelHost, type MimeBundle } from "../core/host.js";
import type { LibraryName } from "../pages/display-library.js";
import { filesSink } from "./display-files.js";
import { notebookSink, type Sink } from "./display-sinks.js";
import { showLibraries } from "./show-libraries.js";

export type { MimeBundle } from "../core/host.js";
export type { LibraryName } from "../pages/display-library.js";
export type { ShowOptions, Sink } from "./display-sinks.js";

/** The method that notebooks call on a cell's last value, Deno's convention. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;
/** The method that `console.log` calls; stock tslab shows a cell's last value by it. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** A figure that a notebook shows, as a cell's last value or by `show()`. */
export interface Displayable {
  /** its forms by MIME type */
  bundle(): Promise<MimeBundle>;
  /** Shows the figure. Veduta's kernel waits for it before it ends the cell, so `await` is needed only for order. */
  show(): Promise<void>;
  [JUPYTER_DISPLAY](): Promise<MimeBundle>;
}

/** Options of `displayable`. */
export interface DisplayableOptions {
  /** libraries that make its HTML interactive; default none */
  readonly needs?: readonly LibraryName[];
}

let chosen: Sink | undefined;
let files: Sink | undefined;

/** Shows everything in this sink from now on; undefined returns to the default. */
export function setSink(sink: Sink | undefined): void {
  chosen = sink;
}

/** The sink in use: the one that was set, else the notebook that runs this code, else files. */
export function currentSink(): Sink {
  const found = chosen ?? notebookSink();
  if (found) return found;
  files ??= filesSink();
  return files;
}

let last: Promise<unknown> = Promise.resolve();

/** Runs work after all that was to be shown before. Veduta's kernel keeps the cell running until it is done. */
function inTurn<T>(work: (sink: Sink) => Promise<T>): Promise<T> {
  const done = last.then(() => work(currentSink()));
  last = done.catch(() => undefined);
  kernelHost()?.waitFor(done);
  return done;
}

/** Makes a figure. Outputs keep the order of their `show` calls. @param make called each time the figure is shown; must not show anything itself */
export function displayable(make: () => Promise<MimeBundle>, { needs = [] }: DisplayableOptions = {}): Displayable {
  /** The bundle comes first: if it fails, no library is shown. */
  const prepared = async (sink: Sink) => {
    const bundle = await make();
    await showLibraries(sink, needs);
    return bundle;
  };
  const show = () => inTurn(async (sink) => sink.show(await prepared(sink), { needs }));
  const inspected = () => {
    if (currentSink().name !== "tslab") return "[Displayable: show() shows it]";
    void show();
    return "";
  };
  return Object.assign({ bundle: make, show, [JUPYTER_DISPLAY]: () => inTurn(prepared) }, { [INSPECT]: inspected });
}

/** One output that changes in place. */
export interface LiveOutput {
  set(bundle: MimeBundle): Promise<void>;
  /** Replaces it at once, before what waits to be shown, if it was ever shown; for the exit of the process, after which nothing is awaited. */
  replaceNow(bundle: MimeBundle): void;
}

let outputs = 0;

/** Makes an output that appears with its first bundle and is replaced by each later one. */
export function liveOutput(): LiveOutput {
  const id = `veduta-${process.pid}-${Date.now().toString(36)}-${outputs++}`;
  let shown = false;
  return {
    set(bundle) {
      const update = shown;
      shown = true;
      return inTurn(async (sink) => {
        await showLibraries(sink, []);
        await sink.show(bundle, { id, update });
      });
    },
    replaceNow(bundle) {
      if (shown) void currentSink().show(bundle, { id, update: true });
    },
  };
}
