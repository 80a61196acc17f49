/**
 * @file `npm run models:adopt`: the candidate becomes models/tiny-landscapes, its weights in half precision, with the logs of its training. Run
 * `npm run models:check -- --candidate` first.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { lossPlot } from "../../train/loss-plot.js";
import { QUEUE } from "../../train/queue.js";
import { CANDIDATE, expectDualFits, FOLDER, STATE_FOLDER } from "./folder.js";

/** Rows of a log that are kept. */
const LOG_ROWS = 200;

expectDualFits(CANDIDATE);
for (const path of readdirSync(CANDIDATE, { recursive: true, encoding: "utf8" })) {
  const [from, to] = [join(CANDIDATE, path), join(FOLDER, path)];
  mkdirSync(dirname(to), { recursive: true });
  if (path.endsWith(".safetensors"))
    writeSafetensors(to, readSafetensors(from), { dtype: "F16", metadata: openSafetensors(from).metadata });
  else if (/\.(json|txt)$/.test(path)) copyFileSync(from, to);
}
mkdirSync(join(FOLDER, "logs"), { recursive: true });
for (const name of new Set(QUEUE.map((entry) => entry.name))) {
  const log = join(STATE_FOLDER, `${name}.csv`);
  if (!existsSync(log)) continue;
  const [header, ...rows] = readFileSync(log, "utf8").trim().split("\n");
  const every = Math.ceil(rows.length / LOG_ROWS);
  const kept = `${[header, ...rows.filter((_, k) => (rows.length - 1 - k) % every === 0)].join("\n")}\n`;
  writeFileSync(join(FOLDER, "logs", `${name}.csv`), kept);
  writeFileSync(join(FOLDER, "logs", `${name}.svg`), lossPlot(name, kept));
}
console.log(`${CANDIDATE} is now ${FOLDER}`);
