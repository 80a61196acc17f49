/** @file `npm run models:train`: trains the queue, one part after the other; run again, it goes on where it stopped. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ensureCandidate, STATE_FOLDER } from "../tiny-landscapes/train/folder.js";
import { QUEUE } from "./queue.js";
import { readProgress } from "./state.js";
import { printStatus } from "./status.js";
import { stateFile, train } from "./train.js";
import { TABLE, TRAININGS } from "./trainings.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    status: { type: "boolean", default: false },
    minutes: { type: "string" },
    lanes: { type: "string", default: String(availableParallelism()) },
    help: { type: "boolean", default: false },
  },
});
const names = [...new Set(QUEUE.map(({ name }) => name))];
if (values.help) {
  console.log(`npm run models:train -- [PART …] [--minutes M] [--lanes N]   trains the queue, or only these parts of it
npm run models:train -- --status                             shows how far each part is
A part: ${names.join(", ")}. --minutes replaces each part's minutes. SIGTERM and Ctrl-C save and stop; the same command goes on.`);
  process.exit(0);
}
if (values.status) {
  printStatus(STATE_FOLDER);
  process.exit(0);
}
const lanes = Number(values.lanes);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const stranger = positionals.find((name) => !names.includes(name));
if (stranger !== undefined) fail(`got part "${stranger}", want some of ${names.join(", ")}`);
if (!Number.isSafeInteger(lanes) || lanes < 1) fail(`--lanes ${values.lanes}: want a whole number >= 1`);
if (minutes !== undefined && !(minutes > 0)) fail(`--minutes ${values.minutes}: want a number > 0`);

function fail(message: string): never {
  console.error(`models:train: ${message}`);
  process.exit(2);
}

ensureCandidate();
for (const entry of QUEUE) {
  if (positionals.length > 0 && !positionals.includes(entry.name)) continue;
  const sitting = { ...entry, minutes: minutes ?? entry.minutes, training: TRAININGS[entry.training]() };
  if ((readProgress(stateFile(STATE_FOLDER, entry.name))?.seconds ?? 0) >= 60 * sitting.minutes) continue;
  if ((await train(sitting, { folder: STATE_FOLDER, lanes, table: TABLE, say: console.log })) === "stopped") process.exit(130);
}
