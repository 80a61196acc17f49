/** @file What the transformed code of cells calls. */

/** The property of `globalThis` that holds {@link CellRuntime}. */
export const RUNTIME_KEY = Symbol.for("veduta.cell");

/** Functions that the transformed code of cells calls. */
export interface CellRuntime {
  /** replaces x in `await x` */
  wait<T>(value: T): Promise<Awaited<T>>;
  /** replaces x in `for await (… of x)` */
  each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown>;
  /** replaces `import(…)` */
  load(specifier: unknown, options?: unknown): Promise<unknown>;
  /** replaces `import.meta` */
  readonly meta: object;
}
