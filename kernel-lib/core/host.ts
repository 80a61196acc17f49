/**
 * @file What Veduta's kernel offers the library. It is found on `globalThis` by a symbol, so that neither imports the other. It is absent in plain
 * scripts and in other kernels.
 */

const HOST = Symbol.for("veduta.host");

/** One output in several forms, by MIME type. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** Data of a comm's message. */
export type CommData = Readonly<Record<string, unknown>>;

/** Binary parts of a comm's message, and its metadata. */
export interface CommParts {
  readonly metadata?: CommData;
  readonly buffers?: readonly Uint8Array[];
}

/** A channel between a cell's code and the front end: Jupyter's comm, which widgets speak. */
export interface Comm {
  readonly id: string;
  send(data: CommData, parts?: CommParts): void;
  /** Closes it on both sides. */
  close(data?: CommData): void;
  /** Calls `hear` with every message of the front end. */
  onMessage(hear: (data: CommData, buffers: readonly Uint8Array[]) => void): void;
  /** Calls `gone` once the front end has closed it. */
  onClose(gone: (data: CommData) => void): void;
}

/** Opens and takes comms. */
export interface CommHost {
  /** Whether a front end with widgets is there: one that has asked which are open. */
  widgets(): boolean;
  /** Opens a comm; the front end's code of this target takes it, or closes it. */
  open(target: string, data: CommData, parts?: CommParts): Comm;
  /** Takes comms of a target that front ends open. Without it they are closed at once. */
  take(target: string, take: (comm: Comm, data: CommData, buffers: readonly Uint8Array[]) => void): void;
}

/** What a cell's code can ask of Veduta's kernel. */
export interface KernelHost {
  /**
   * Shows a bundle below the running cell. With `update` it replaces the output shown earlier under the same id. Outputs arrive in the
   * order of the calls.
   */
  display(bundle: MimeBundle, options?: { readonly id?: string; readonly update?: boolean }): void;
  /** Aborted by the notebook's stop button. Each cell execution has a new signal: read it when work begins. */
  readonly signal: AbortSignal;
  /** The running cell: the front end's cell id if it sends one, else a digest of the cell's code. */
  readonly cell: string;
  /** absent in hosts without comms */
  readonly comms?: CommHost;
  /** Keeps the cell running until `work` settles. If `work` rejects, the cell fails with its error. */
  waitFor(work: Promise<unknown>): void;
}

type Hosted = { [HOST]?: KernelHost };

/** The host of Veduta's kernel; undefined outside it. */
export const kernelHost = (): KernelHost | undefined => (globalThis as Hosted)[HOST];

/** Sets the host; undefined removes it. For the kernel and for tests. */
export function setKernelHost(host: KernelHost | undefined): void {
  (globalThis as Hosted)[HOST] = host;
}

/** Resolves with the work's result, or rejects with the signal's reason once it aborts. The work itself is not cancelled. */
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
