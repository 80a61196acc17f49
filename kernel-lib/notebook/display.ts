/** @file How anything is shown: one abstraction over our kernel, others' kernels and plain scripts. */
import { kernelHost, type MimeBundle } from "../core/host.js";

export type { MimeBundle } from "../core/host.js";

/** Deno's convention, ours and others': what a notebook calls on a cell's last value. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** Something that a notebook shows, as a cell's last value or by `show()`. */
export interface Displayable {
  bundle(): Promise<MimeBundle>;
  /** Shows it now; awaiting is needed only where something is to happen after. Our kernel ends a cell when all of it is shown. */
  show(): Promise<void>;
  [JUPYTER_DISPLAY](): Promise<MimeBundle>;
}

/** Where bundles go. */
export interface Sink {
  readonly name: "veduta" | "tslab" | "deno" | "files" | "memory";
  /** `update`: in place of what was shown under the same id */
  show(bundle: MimeBundle, options: { readonly id?: string; readonly update?: boolean }): void | Promise<void>;
}

let chosen: Sink | undefined;

/** Shows everything in a sink; undefined goes back to what the surroundings offer. */
export function setSink(sink: Sink | undefined): void {
  chosen = sink;
}

export function currentSink(): Sink {
  const host = kernelHost();
  if (chosen) return chosen;
  if (host) return { name: "veduta", show: (bundle, options) => host.display(bundle, options) };
  throw new Error("display: no notebook's kernel runs this code");
}

let last: Promise<void> = Promise.resolve();

/** @param make called once a showing; outputs keep the order of their `show` calls */
export function displayable(make: () => Promise<MimeBundle>): Displayable {
  return {
    bundle: make,
    show() {
      const shown = last.then(async () => currentSink().show(await make(), {}));
      last = shown.catch(() => undefined);
      kernelHost()?.waitFor(shown);
      return shown;
    },
    [JUPYTER_DISPLAY]: make,
  };
}
