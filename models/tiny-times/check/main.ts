/** @file `npm run models:check:times`: the quality of tiny-noon and tiny-night, as a table. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { STATE_FOLDER } from "../../tiny-landscapes/train/folder.js";
import { candidateOf, MODEL_TIMES, shippedOf } from "../train/folder.js";
import { measureTime, type TimeMeasures } from "./measures.js";
import { translationLines } from "./translation.js";

const { values } = parseArgs({
  options: { candidate: { type: "boolean", default: false }, count: { type: "string", default: "500" } },
});
const table: Record<string, TimeMeasures> = {};
for (const time of MODEL_TIMES) {
  const folder = values.candidate ? candidateOf(time) : shippedOf(time);
  table[`tiny-${time}`] = await measureTime(folder, time, join(STATE_FOLDER, `../check/${time}.png`), Number(values.count));
}
console.table(table);
const of = values.candidate ? candidateOf : shippedOf;
const lines = await translationLines({ noon: of("noon"), night: of("night") }, join(STATE_FOLDER, "../check/translation.png"));
console.table(Object.fromEntries(lines.map(({ what, ...rest }) => [what, rest])));
process.exit(lines.some(({ reached }) => reached === "missed") ? 1 : 0);
