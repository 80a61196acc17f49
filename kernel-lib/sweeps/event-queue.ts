/** @file Events that callbacks push, as an async iterator. */

/** Events in their order. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void;
  /** Ends the iteration after the events so far; with an error, by it. */
  end(error?: unknown): void;
}

/** Makes a queue for one reader. */
export function eventQueue<T>(): EventQueue<T> {
  const waiting: T[] = [];
  let over: { readonly error?: unknown } | undefined;
  let wake = () => {};
  return {
    push(event) {
      waiting.push(event);
      wake();
    },
    end(error) {
      over ??= error === undefined ? {} : { error };
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift() as T;
        if (over) {
          if ("error" in over) throw over.error;
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
