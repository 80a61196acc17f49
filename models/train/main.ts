/** @file `npm run models:train`: trains the queue, one part after the other; run again, it goes on where it stopped. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Device } from "../../kernel-lib/engine/device.js";
import { ensureCandidate, KEPT_FOLDER, STATE_FOLDER } from "../tiny-landscapes/train/folder.js";
import { QUEUE } from "./queue.js";
import { SHIPPED_RECORDS } from "./shipped.js";
import { keepState, readProgress } from "./state.js";
import { printStatus } from "./status.js";
import { saveKept, train } from "./train.js";
import { TABLE, TRAININGS } from "./trainings.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    status: { type: "boolean", default: false },
    steps: { type: "string" },
    keep: { type: "boolean", default: false },
    device: { type: "string", default: "cpu" },
    lanes: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const names = [...new Set(QUEUE.map(({ name }) => name))];
if (values.help) {
  console.log(`npm run models:train -- [PART …] [--steps N] [--device D] [--lanes N]   trains the queue, or only these parts of it
npm run models:train -- --status   shows how far each part is
npm run models:train -- --keep     copies the averaged parameters of all states into models/training
A part: ${names.join(", ")}. --steps replaces each part's steps. SIGTERM and Ctrl-C save and stop; the same command goes on.
--device: cpu (default) or cuda. --lanes: threads; default one per core on the cpu, else 1.`);
  process.exit(0);
}
const files = { folder: STATE_FOLDER, kept: KEPT_FOLDER, records: SHIPPED_RECORDS };
if (values.status) {
  printStatus(files);
  process.exit(0);
}
if (values.keep) {
  console.log(`kept in ${KEPT_FOLDER}: ${names.filter((name) => keepState(name, files)).join(", ") || "nothing"}`);
  process.exit(0);
}
const DEVICES: readonly Device[] = ["cpu", "cuda"];
const device = DEVICES.find((name) => name === values.device) ?? fail(`--device ${values.device}: want ${DEVICES.join(" or ")}`);
const lanes = values.lanes === undefined ? (device === "cpu" ? availableParallelism() : 1) : Number(values.lanes);
const steps = values.steps === undefined ? undefined : Number(values.steps);
const stranger = positionals.find((name) => !names.includes(name));
if (stranger !== undefined) fail(`got part "${stranger}", want some of ${names.join(", ")}`);
if (!Number.isSafeInteger(lanes) || lanes < 1) fail(`--lanes ${values.lanes}: want a whole number >= 1`);
if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0)) fail(`--steps ${values.steps}: want a whole number >= 1`);

function fail(message: string): never {
  console.error(`models:train: ${message}`);
  process.exit(2);
}

ensureCandidate();
// of entries of one training the last one that is done is the model's
const done = QUEUE.filter(({ name, steps: wanted }) => {
  const { step, begun } = readProgress(name, files);
  return step - begun >= wanted;
});
for (const [, { name, training }] of new Map(done.map((entry) => [entry.training, entry])))
  if (saveKept({ name, training: TRAININGS[training]() }, files)) console.log(`${name}: its kept parameters are in the model again`);
for (const entry of QUEUE) {
  if (positionals.length > 0 && !positionals.includes(entry.name)) continue;
  const sitting = { ...entry, steps: steps ?? entry.steps, training: TRAININGS[entry.training]() };
  const { step, begun } = readProgress(entry.name, files);
  if (step - begun >= sitting.steps) continue;
  if ((await train(sitting, { files, device, lanes, table: TABLE, say: console.log })) === "stopped") process.exit(130);
}
