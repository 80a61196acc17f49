/** @file A kernel for one probe: runs cells one after the other, and says what came of each. */
import { setTimeout as sleep } from "node:timers/promises";
import { startKernel } from "#kernel-lib/ipynb/runner/kernel-client.js";

/** Milliseconds after which a request counts as unanswered. */
const PATIENCE = 20_000;
/** Milliseconds of silence that end a cell's late output, where a probe says nothing else. */
const LATE = 500;

/**
 * What came of a cell.
 * @typedef {object} Ran
 * @property {"ok" | "error" | "unanswered"} status "unanswered" also where the kernel ended
 * @property {string} printed on both streams
 * @property {readonly import("#kernel-lib/ipynb/runner/channels.js").Published[]} published in order
 */
/**
 * @typedef {object} Session
 * @property {import("./kernels.mjs").Kernel} kernel
 * @property {Record<string, unknown>} info of its kernel_info_reply
 * @property {(code: string, late?: number) => Promise<Ran>} cell runs a cell to its end, and until nothing more comes for so many milliseconds
 * @property {(code: string, begun: string) => Promise<Ran>} interrupted runs a cell, and interrupts it once it has printed that word
 * @property {(type: string, content: Record<string, unknown>) => Promise<Record<string, unknown> | undefined>} ask another request; undefined: unanswered
 * @property {(type: string, content: Record<string, unknown>) => void} say a message that has no reply
 * @property {() => Promise<void>} stop
 */

/** Starts the kernel. @param {import("./kernels.mjs").Kernel} kernel @param {string} cwd the notebook's folder @returns {Promise<Session>} */
export async function openSession(kernel, cwd) {
  const client = await startKernel({ command: kernel.command, cwd });
  const answered = (/** @type {Promise<Record<string, unknown>>} */ request) => {
    const patience = new AbortController();
    const gone = sleep(PATIENCE, undefined, { signal: patience.signal }).catch(() => undefined);
    return Promise.race([request.catch(() => undefined), gone]).finally(() => patience.abort());
  };

  /** @param {string} code @param {number} [late] @param {(printed: string) => void} [heard] @returns {Promise<Ran>} */
  async function run(code, late = LATE, heard) {
    /** @type {import("#kernel-lib/ipynb/runner/channels.js").Published[]} */
    const published = [];
    const ran = { printed: "", published };
    const on = (/** @type {import("#kernel-lib/ipynb/runner/channels.js").Published} */ each) => {
      published.push(each);
      if (each.type === "stream") ran.printed += String(each.content.text);
      heard?.(ran.printed);
    };
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: false };
    const reply = await answered(client.request("execute_request", content, { on }));
    await client.quiet(late);
    return { ...ran, status: reply === undefined ? "unanswered" : reply.status === "ok" ? "ok" : "error" };
  }

  return {
    kernel,
    info: client.info,
    cell: (code, late) => run(code, late),
    interrupted(code, begun) {
      let done = false;
      return run(code, LATE, (printed) => {
        if (done || !printed.includes(begun)) return;
        done = true;
        setTimeout(client.interrupt, 500);
      });
    },
    ask: (type, content) => answered(client.request(type, content)),
    say: (type, content) => void client.request(type, content).catch(() => undefined),
    stop: client.stop,
  };
}
