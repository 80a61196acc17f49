/**
 * @file How anything is shown: one abstraction over our kernel, others' kernels and plain scripts.
 *
 * A figure is a function that makes its forms, and the names of the libraries that make its HTML live:
 *
 *   displayable(async () => ({ "text/html": …, "image/png": …, "text/plain": "[losses of 24 windows, 50 steps]" }), { needs: ["plots"] })
 *
 * Its HTML carries its own still picture and its job for the library (figure.ts), so it is whole without scripts. A notebook gets a library
 * once, in an output of its own before the first figure that needs it; a plain script gets it beside its pages.
 *
 * In stock tslab and in Deno's kernel no cell is named: a library comes once a process, and comes back with the kernel's next start. Stock tslab
 * does not wait for what a cell leaves running: there write `await view.show()` rather than a bare `view` as the last expression.
 */
import { kernelHost, type MimeBundle } from "../core/host.js";
import type { LibraryName } from "../pages/display-library.js";
import { filesSink } from "./display-files.js";
import { notebookSink, type Sink } from "./display-sinks.js";
import { showLibraries } from "./show-libraries.js";

export type { MimeBundle } from "../core/host.js";
export type { LibraryName } from "../pages/display-library.js";
export type { ShowOptions, Sink } from "./display-sinks.js";

/** Deno's convention, ours and others': what a notebook calls on a cell's last value. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;
/** What `console.log` calls; stock tslab shows a cell's last value that way. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Something that a notebook shows, as a cell's last value or by `show()`. */
export interface Displayable {
  /** its forms by MIME type */
  bundle(): Promise<MimeBundle>;
  /** Shows it now; awaiting is needed only where something is to happen after. Our kernel ends a cell when all of it is shown. */
  show(): Promise<void>;
  [JUPYTER_DISPLAY](): Promise<MimeBundle>;
}

export interface DisplayableOptions {
  /** libraries that its HTML needs to be live; default none */
  readonly needs?: readonly LibraryName[];
}

let chosen: Sink | undefined;
let files: Sink | undefined;

/** Shows everything in a sink; undefined goes back to what the surroundings offer. */
export function setSink(sink: Sink | undefined): void {
  chosen = sink;
}

/** The chosen sink, else the notebook that runs this code, else files. */
export function currentSink(): Sink {
  const found = chosen ?? notebookSink();
  if (found) return found;
  files ??= filesSink();
  return files;
}

let last: Promise<unknown> = Promise.resolve();

/** Work after all that was to be shown before; our kernel's cell ends after it. */
function inTurn<T>(work: (sink: Sink) => Promise<T>): Promise<T> {
  const done = last.then(() => work(currentSink()));
  last = done.catch(() => undefined);
  kernelHost()?.waitFor(done);
  return done;
}

/** @param make called once a showing, shows nothing itself; outputs keep the order of their `show` calls */
export function displayable(make: () => Promise<MimeBundle>, { needs = [] }: DisplayableOptions = {}): Displayable {
  /** The bundle first: where it fails, no library is left behind. */
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
}

let outputs = 0;

/** An output that is shown with its first bundle and replaced by each that follows. */
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
  };
}
