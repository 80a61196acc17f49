/**
 * @file What a notebook's kernel gives the library: found on `globalThis` by a symbol, so that neither imports the other. Absent in plain scripts
 * and in kernels of others.
 */

const HOST = Symbol.for("veduta.host");

/** What a notebook shows of one thing: its forms by MIME type. */
export type MimeBundle = Readonly<Record<string, unknown>>;

export interface KernelHost {
  /**
   * Shows a bundle below the running cell; in place of what was shown under the same id where `update` says so. Ordered: what is shown
   * first arrives first.
   */
  display(bundle: MimeBundle, options?: { readonly id?: string; readonly update?: boolean }): void;
  /** Aborted by the notebook's stop button. Every cell has a new one: read it when work begins. */
  readonly signal: AbortSignal;
  /** Names the running cell: the front end's id of it where it sends one, else a digest of its code. */
  readonly cell: string;
  /** The cell is not done before this has settled; an error of it is shown as the cell's. */
  waitFor(work: Promise<unknown>): void;
}

type Hosted = { [HOST]?: KernelHost };

/** The kernel that runs this code, where it is ours. */
export const kernelHost = (): KernelHost | undefined => (globalThis as Hosted)[HOST];

/** For kernels, and tests: undefined takes the host away. */
export function setKernelHost(host: KernelHost | undefined): void {
  (globalThis as Hosted)[HOST] = host;
}

/** The work's result, or the signal's reason as soon as it has one; what was begun goes on unheard. */
export async function unlessStopped<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work();
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work(), stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
