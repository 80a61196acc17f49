/** @file The rows of the comparison: each probe in a session of its own, the question in the front end, the times. */
import { askProbe } from "./ask.mjs";
import { PROBES } from "./probes.mjs";
import { openSession } from "./session.mjs";
import { TIMES } from "./times.mjs";

/**
 * @typedef {object} Row
 * @property {string} feature
 * @property {(kernel: import("./kernels.mjs").Kernel, cwd: string) => Promise<boolean | string>} work whether the kernel has it, or a text for the table
 */

/** @param {import("./probes.mjs").Probe} probe @returns {Row} */
const inSession = (probe) => ({
  feature: probe.feature,
  async work(kernel, cwd) {
    const session = await openSession(kernel, cwd);
    try {
      return await probe.try(session);
    } finally {
      await session.stop();
    }
  },
});

/** @type {readonly Row[]} */
export const ROWS = [...PROBES.map(inSession), { feature: "a cell asks in the front end", work: askProbe }, ...TIMES];
