/**
 * @file The stop button. On interrupt every pending await of the cell rejects. `catch` and `finally` blocks get GRACE_MS to await clean-up; after
 * that, or once the cell ends, remaining awaits never resume.
 */
import type { CellRuntime } from "./cell-runtime.js";

/** Milliseconds that a stopped cell's clean-up may take. */
const GRACE_MS = 1000;

/** The user stopped the cell. */
export class Interrupted extends Error {
  override name = "Interrupted";
  constructor() {
    super("stopped before it was done; names declared until then can be used");
  }
}

/** A running cell. */
export interface CellContext {
  /** aborted by the stop button */
  readonly signal: AbortSignal;
  /** the front end's cell id, else a digest of the cell's code */
  readonly cell: string;
}

/** Stops the running cell. */
export interface Interrupts {
  readonly runtime: Pick<CellRuntime, "wait" | "each">;
  /** the newest cell, whether it is still running or not */
  newest(): CellContext | undefined;
  begin(cell: string): CellContext;
  end(): void;
  /** Rejects every pending await of cells. @param grace milliseconds that the cell's clean-up may take */
  stop(grace?: number): void;
  /** resolves when a stopped cell has not ended within its grace time; never resolves if it has */
  overdue(context: CellContext): Promise<Interrupted>;
  /** the stacks of the awaits that rejected with this error, innermost first */
  waits(error: Error): readonly string[];
}

/** Makes the state of the stop button. */
export function createInterrupts(): Interrupts {
  /** the reject functions of pending awaits */
  const waiting = new Set<(reason: Interrupted) => void>();
  const sites = new WeakMap<Error, string[]>();
  let generation = 0; // an await that began in an earlier generation never resumes
  let newest: (CellContext & { readonly controller: AbortController; overdue?: (reason: Interrupted) => void }) | undefined;
  let stopping: NodeJS.Timeout | undefined; // the timer of the grace time

  function freeze(): void {
    if (!stopping) return;
    clearTimeout(stopping);
    stopping = undefined;
    waiting.clear();
    generation++;
  }

  function wait<T>(value: T): Promise<Awaited<T>> {
    const begun = generation;
    // The stack of a library's error has no line of the cell, so the position of the await is kept with the error.
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, wait);
    return new Promise((resolve, reject) => {
      const fail = (reason: unknown) => {
        if (reason instanceof Error) sites.set(reason, [...(sites.get(reason) ?? []), site.stack ?? ""]);
        reject(reason);
      };
      const settle =
        <V>(next: (value: V) => void) =>
        (value: V) => {
          waiting.delete(fail);
          if (begun === generation) next(value);
        };
      waiting.add(fail);
      Promise.resolve(value).then(settle(resolve), settle(fail));
    });
  }

  return {
    runtime: { wait, each: (iterable) => each(iterable, wait) },
    newest: () => newest,
    waits: (error) => sites.get(error) ?? [],
    begin(cell) {
      freeze();
      const controller = new AbortController();
      newest = { cell, controller, signal: controller.signal };
      return newest;
    },
    end: freeze,
    stop(grace = GRACE_MS) {
      const reason = new Interrupted();
      clearTimeout(stopping);
      stopping = setTimeout(() => {
        freeze();
        newest?.overdue?.(reason);
      }, grace);
      newest?.controller.abort(reason);
      const rejections = [...waiting];
      waiting.clear();
      for (const reject of rejections) reject(reason);
    },
    overdue: (context) =>
      new Promise((resolve) => {
        if (newest === context) newest.overdue = resolve;
      }),
  };
}

/** The values of a cell's `for await`: each step waits as the cell's awaits do, so that a stop ends it. */
async function* each(iterable: AsyncIterable<unknown> | Iterable<unknown>, wait: CellRuntime["wait"]): AsyncGenerator<unknown> {
  const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  let open = false; // the loop's body is running: leaving it must close the iterator
  try {
    for (;;) {
      const next = await wait(iterator.next());
      if (next.done) return;
      open = true;
      yield await next.value;
      open = false;
    }
  } finally {
    if (open) await iterator.return?.();
  }
}
