/** @file How long a preview takes to follow a slider: SyncDiffusion in four steps on the bundled model, by `interact`. */
import { setTimeout as sleep } from "node:timers/promises";
import { setKernelHost } from "#kernel-lib/core/host.js";
import { setSink } from "#kernel-lib/display/display.js";
import { image, interact, openModel, slider, syncDiffusion } from "#kernel-lib/index.js";

/** Changes of each kind; the middle one counts. */
const CHANGES = 5;

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** @returns {Promise<import("./table.mjs").Row[]>} */
export async function measureInteract() {
  /** @type {((data: import("#kernel-lib/core/host.js").CommData, buffers: readonly Uint8Array[]) => void) | undefined} */
  let front;
  /** @type {() => void} */
  let painted = () => {};
  setKernelHost({
    display: () => {},
    signal: new AbortController().signal,
    cell: "bench",
    waitFor: () => {},
    comms: {
      widgets: () => true,
      take: () => {},
      open: () => ({
        id: "slider",
        send: () => {},
        close: () => {},
        onMessage: (hear) => {
          front = hear;
        },
        onClose: () => {},
      }),
    },
  });
  setSink({ name: "memory", show: async () => painted() });
  const model = await openModel();
  try {
    const weight = slider({ min: 0, max: 100, value: 20 });
    const follow = await interact({ weight }, async ({ weight }, { signal }) => {
      const run = syncDiffusion(model, { prompt: "hills", width: 384, stride: 8, steps: 4, seed: 7, weight, signal });
      for (;;) {
        const { done, value } = await run.next();
        if (done) return image(value.panorama);
      }
    });
    /** Moves the slider, and resolves with the seconds until its picture is shown. @param {number} value @param {number} [after] ms to let an older preview run */
    const moved = async (value, after = 0) => {
      if (after > 0) {
        front?.({ method: "update", state: { value: value + 50 } }, []);
        await sleep(after);
      }
      const begun = performance.now();
      const shown = new Promise((resolve) => {
        painted = () => resolve(undefined);
      });
      front?.({ method: "update", state: { value } }, []);
      await shown;
      await follow.settled();
      return (performance.now() - begun) / 1000;
    };
    /** @type {number[]} */
    const idle = [];
    /** @type {number[]} */
    const busy = [];
    for (let i = 1; i <= CHANGES; i++) idle.push(await moved(i));
    for (let i = 1; i <= CHANGES; i++) busy.push(await moved(10 + i, 300));
    const note = (/** @type {readonly number[]} */ times) => `slowest of ${CHANGES}: ${Math.max(...times).toFixed(2)} s`;
    return [
      {
        what: "interact: a preview of 384 × 128 px, 4 steps, follows a slider",
        value: median(idle),
        unit: "s",
        bound: 2,
        note: note(idle),
      },
      { what: "interact: the same while an older preview runs", value: median(busy), unit: "s", bound: 2, note: note(busy) },
    ];
  } finally {
    setSink(undefined);
    setKernelHost(undefined);
    await model.close();
  }
}
