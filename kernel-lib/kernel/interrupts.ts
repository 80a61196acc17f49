/**
 * @file What the stop button stops. At a stop, all that code of cells waits for is rejected; its `finally` and `catch` may still wait for a moment,
 * and once the cell has ended, or that moment is over, nothing that waited goes on.
 */
import type { CellRuntime } from "./cell-code.js";

const GRACE_MS = 1000;

/** The user stopped the cell. */
export class Interrupted extends Error {
  override name = "Interrupted";
  constructor() {
    super("stopped before it was done; what it had declared until then is there");
  }
}

/** A cell that runs. */
export interface CellContext {
  /** aborted by a stop */
  readonly signal: AbortSignal;
  /** the front end's id of the cell, else a digest of its code */
  readonly cell: string;
}

export interface Interrupts {
  readonly runtime: CellRuntime;
  /** the newest cell, whether it still runs or not */
  newest(): CellContext | undefined;
  begin(cell: string): CellContext;
  end(): void;
  /** Stops all that cells do. @param grace milliseconds that the cell's own clean-up may take */
  stop(grace?: number): void;
  /** settles once a cell that was stopped has had its moment and does not end by itself; never where it does */
  overdue(context: CellContext): Promise<Interrupted>;
  /** where code of cells waited for what failed: stacks, innermost first */
  waits(error: Error): readonly string[];
}

export function createInterrupts(): Interrupts {
  /** what code of cells waits for */
  const waiting = new Set<(reason: Interrupted) => void>();
  const sites = new WeakMap<Error, string[]>();
  let generation = 0; // what began to wait in an earlier one does not go on
  let newest: (CellContext & { readonly controller: AbortController; overdue?: (reason: Interrupted) => void }) | undefined;
  let stopping: NodeJS.Timeout | undefined; // until the moment is over

  function freeze(): void {
    if (!stopping) return;
    clearTimeout(stopping);
    stopping = undefined;
    waiting.clear();
    generation++;
  }

  function wait<T>(value: T): Promise<Awaited<T>> {
    const begun = generation;
    // An error of a library's names none of the cell's lines, so where the cell waited for it is kept with it.
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

  async function* each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<unknown> {
    const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    let open = false; // between two of its values, where leaving the loop closes it
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

  return {
    runtime: { wait, each },
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
