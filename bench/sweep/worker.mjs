/**
 * @file A worker of the campaign: `veduta work`'s own, with a short lock, and a pause before each network call, so that kills meet runs in the middle. It writes
 * a line for each run that it begins and that it decodes. Words: URL, the model's folder, the log, milliseconds of a pause, milliseconds of the lock.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { workQueue } from "#kernel-lib/sweeps/queue/queue-worker.js";

const [url, name, log, pause, lock] = process.argv.slice(2);
const say = (/** @type {string} */ text) => appendFileSync(log, `${process.pid} ${text}\n`);
const model = await openModel(name, { device: "cpu", threads: 1 });
say("open");
const slow = {
  ...model,
  digest: model.digest,
  async encodeText(/** @type {readonly string[]} */ prompts) {
    say("start");
    return model.encodeText(prompts);
  },
  async predictNoise(/** @type {Parameters<typeof model.predictNoise>} */ ...call) {
    await sleep(Number(pause));
    return model.predictNoise(...call);
  },
  async decode(/** @type {Parameters<typeof model.decode>} */ ...call) {
    say("decode");
    return model.decode(...call);
  },
};
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
await workQueue({ url, name, model: slow, lockFor: Number(lock), signal: stop.signal, say: (text) => say(`note ${text}`) });
await model.close();
