/**
 * @file `npm run models:adopt [-- MODEL]`: a candidate becomes models/MODEL, its weights in half precision, with the logs of its training. Run
 * `npm run models:check -- --candidate` first, or `npm run models:check:times -- --candidate`.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { FINDER_CANDIDATE, FINDER_FOLDER, SCENE_PARTS, SCENES_CANDIDATE, SCENES_FOLDER } from "../../tiny-scenes/train/folder.js";
import { candidateOf, MODEL_TIMES, shippedOf } from "../../tiny-times/train/folder.js";
import { lossPlot } from "../../train/loss-plot.js";
import { QUEUE } from "../../train/queue.js";
import { CANDIDATE, expectDualFits, FOLDER, STATE_FOLDER } from "./folder.js";

/** Rows of a log that are kept. */
const LOG_ROWS = 200;

interface Adoption {
  readonly from: string;
  readonly to: string;
  /** names of the queue's entries that trained it */
  readonly parts: readonly string[];
  /** @throws Error where the candidate's parts do not fit each other */
  readonly check?: (candidate: string) => void;
}
const parts = [...new Set(QUEUE.map(({ name }) => name))];
const others: readonly string[] = [...MODEL_TIMES, ...SCENE_PARTS];
const MODELS: Readonly<Record<string, Adoption>> = {
  "tiny-landscapes": { from: CANDIDATE, to: FOLDER, parts: parts.filter((name) => !others.includes(name)), check: expectDualFits },
  ...Object.fromEntries(MODEL_TIMES.map((time) => [`tiny-${time}`, { from: candidateOf(time), to: shippedOf(time), parts: [time] }])),
  "tiny-scenes": { from: SCENES_CANDIDATE, to: SCENES_FOLDER, parts: SCENE_PARTS.filter((name) => name !== "scenes-finder") },
  finder: { from: FINDER_CANDIDATE, to: FINDER_FOLDER, parts: ["scenes-finder"] },
};

const [asked = "tiny-landscapes"] = process.argv.slice(2);
const adoption = Object.hasOwn(MODELS, asked) ? MODELS[asked] : undefined;
if (!adoption || !existsSync(adoption.from)) {
  console.error(
    adoption
      ? `models:adopt: ${adoption.from} is missing; train it first`
      : `models:adopt: got "${asked}", want one of ${Object.keys(MODELS).join(", ")}`,
  );
  process.exit(2);
}
adopt(adoption);

function adopt({ from: candidate, to: shipped, parts, check }: Adoption): void {
  check?.(candidate);
  for (const path of readdirSync(candidate, { recursive: true, encoding: "utf8" })) {
    const [from, to] = [join(candidate, path), join(shipped, path)];
    mkdirSync(dirname(to), { recursive: true });
    if (path.endsWith(".safetensors"))
      writeSafetensors(to, readSafetensors(from), { dtype: "F16", metadata: openSafetensors(from).metadata });
    else if (/\.(json|txt)$/.test(path)) copyFileSync(from, to);
  }
  mkdirSync(join(shipped, "logs"), { recursive: true });
  for (const name of parts) {
    const log = join(STATE_FOLDER, `${name}.csv`);
    if (!existsSync(log)) continue;
    const [header, ...rows] = readFileSync(log, "utf8").trim().split("\n");
    const every = Math.ceil(rows.length / LOG_ROWS);
    const kept = `${[header, ...rows.filter((_, k) => (rows.length - 1 - k) % every === 0)].join("\n")}\n`;
    writeFileSync(join(shipped, "logs", `${name}.csv`), kept);
    writeFileSync(join(shipped, "logs", `${name}.svg`), lossPlot(name, kept));
  }
  console.log(`${candidate} is now ${shipped}`);
}
