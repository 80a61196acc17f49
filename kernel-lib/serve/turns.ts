/** @file Whose call is next on a device that takes one at a time: clients take turns, each with its calls in their order. */

/** Calls that wait for a device. */
export interface Turns {
  /** calls that wait, without the one that runs */
  readonly waiting: number;
  /**
   * Runs work when its client's turn has come. With K clients waiting each gets every K-th turn, however many calls one has waiting.
   * @param client who asks; equal ones are one client
   * @param gone drops the work once it aborts, unless it runs already
   * @throws the signal's reason where it was dropped; what `close` was told
   */
  take<T>(client: unknown, work: () => Promise<T>, gone?: AbortSignal): Promise<T>;
  /** Refuses all that wait and all that come; resolves when the running one has ended. */
  close(reason: Error): Promise<void>;
}

interface Waiting {
  begin(): Promise<void>;
  drop(reason: unknown): void;
}

/** Makes the turns. */
export function takeTurns(): Turns {
  const queues = new Map<unknown, Waiting[]>(); // clients in the order of their turns
  let running: Promise<void> | undefined;
  let closed: Error | undefined;

  const next = (): void => {
    const [turn] = queues;
    if (running || !turn) return;
    const [client, queue] = turn;
    const [first, ...rest] = queue;
    queues.delete(client);
    if (rest.length > 0) queues.set(client, rest); // its next turn comes after those of all others
    running = first.begin().finally(() => {
      running = undefined;
      next();
    });
  };

  const remove = (client: unknown, call: Waiting): boolean => {
    const queue = queues.get(client) ?? [];
    const rest = queue.filter((each) => each !== call);
    if (rest.length === 0) queues.delete(client);
    else queues.set(client, rest); // keeps its place
    return rest.length < queue.length;
  };

  return {
    get waiting() {
      return [...queues.values()].reduce((sum, { length }) => sum + length, 0);
    },
    take: (client, work, gone) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(closed);
        if (gone?.aborted) return reject(gone.reason);
        const call: Waiting = {
          begin: () => {
            gone?.removeEventListener("abort", leave);
            return work().then(resolve, reject);
          },
          drop: reject,
        };
        const leave = () => remove(client, call) && reject(gone?.reason);
        gone?.addEventListener("abort", leave, { once: true });
        queues.set(client, [...(queues.get(client) ?? []), call]);
        next();
      }),
    async close(reason) {
      closed = reason;
      for (const call of [...queues.values()].flat()) call.drop(reason);
      queues.clear();
      await running;
    },
  };
}
