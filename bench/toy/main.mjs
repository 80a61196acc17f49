/** @file `npm run bench:toy [-- --rings 300]`: joint methods on a ring of 48 columns, where everything is known in closed form. */
import { parseArgs } from "node:util";
import * as veduta from "veduta";
import { logDensity, ringModel } from "./ring-model.mjs";

const { values } = parseArgs({ options: { rings: { type: "string", default: "300" } } });
const RINGS = Number(values.rings);
const [COLUMNS, WINDOW, STEPS] = [48, 8, 50];

const windowsAt = (/** @type {number} */ stride) =>
  Array.from({ length: COLUMNS / stride }, (_, j) => ({ top: 0, left: j * stride, height: 1, width: WINDOW }));
/** Rows of the table; `of`: so many rings are painted, and the likeliest is taken. @type {readonly (readonly [name: string, method: string, options: object, of?: number])[]} */
const ROWS = [
  ["independent windows", "independent", { windows: windowsAt(8) }],
  ["multi, stride 2", "multi", { windows: windowsAt(2) }],
  ["spot", "spot", { windows: windowsAt(8) }],
  ["safa, stride 6", "safa", { windows: windowsAt(6) }],
  ["collage, stride 4", "collage", { windows: windowsAt(4) }],
  ["guided, stride 2", "guided", { windows: windowsAt(2) }],
  ["gvcf, stride 2", "gvcf", { windows: windowsAt(2) }],
  ["twin, stride 2", "twin", { windows: windowsAt(2) }],
  ["sync w 2, stride 6, first 3 steps", "sync", { windows: windowsAt(6), weight: 2, syncSteps: 3 }],
  ["sync w 2, stride 6, first 5 steps", "sync", { windows: windowsAt(6), weight: 2, syncSteps: 5 }],
  ["sync w 2, stride 2, all steps", "sync", { windows: windowsAt(2), weight: 2 }],
  ["sync w 8, stride 2, all steps", "sync", { windows: windowsAt(2), weight: 8 }],
  ["start aligned 0.4, multi, stride 2", "multi", { windows: windowsAt(2), startAlign: 0.4 }],
  ["start aligned 0.4, spot", "spot", { windows: windowsAt(8), startAlign: 0.4 }],
  ["best of 4 by likelihood, start aligned 0.4, spot", "spot", { windows: windowsAt(8), startAlign: 0.4 }, 4],
  ["cdgs, stride 4", "cdgs", { windows: windowsAt(4) }],
  ["cdgs, stride 4, ranking by change", "cdgs", { windows: windowsAt(4), ranking: "change" }],
  ["cdgs, stride 2", "cdgs", { windows: windowsAt(2) }],
];

/** What a ring shows: whether all six windows side by side have one sign, how many lie between the modes, and the spread inside. @param {Float32Array} ring */
function seen(ring) {
  const windows = Array.from({ length: COLUMNS / WINDOW }, (_, j) => ring.subarray(j * WINDOW, (j + 1) * WINDOW));
  const means = windows.map((window) => window.reduce((a, b) => a + b, 0) / WINDOW);
  const spread = windows.map((window, j) => Math.sqrt(window.reduce((sum, x) => sum + (x - means[j]) ** 2, 0) / (WINDOW - 1)));
  return {
    agree: means.every((mean) => mean > 0) || means.every((mean) => mean < 0) ? 1 : 0,
    between: means.filter((mean) => Math.abs(mean) < 0.5).length / means.length,
    spread: spread.reduce((a, b) => a + b) / spread.length,
  };
}

/** The likelihood of a ring: of all windows in it, wherever they begin. @param {Float32Array} ring */
const logLikelihood = (ring) =>
  Array.from(ring, (_, left) => logDensity(Array.from({ length: WINDOW }, (_, k) => ring[(left + k) % COLUMNS]))).reduce((a, b) => a + b);

const model = ringModel(veduta);

/** @param {string} method @param {object} options @param {import("veduta").Passes} passes is added to */
async function paint(method, options, passes) {
  const run = veduta
    .findMethod(method)
    ?.run(veduta.countPasses(model, passes), /** @type {never} */ ({ prompt: "", width: COLUMNS, height: 1, steps: STEPS, ...options }));
  if (!run) throw new Error(`no method ${method}`);
  let next = await run.next();
  while (!next.done) next = await run.next();
  return next.value.latent.data;
}

const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;
const table = [];
for (const [name, method, options, of = 1] of ROWS) {
  const passes = { forward: 0, backward: 0, milliseconds: 0 };
  const total = { agree: 0, between: 0, spread: 0 };
  for (let ring = 0; ring < RINGS; ring++) {
    const painted = [];
    for (let k = 1; k <= of; k++) painted.push(await paint(method, { seed: ring * of + k, ...options }, passes));
    const [best] = painted.sort((a, b) => logLikelihood(b) - logLikelihood(a));
    const { agree, between, spread } = seen(best);
    total.agree += agree;
    total.between += between;
    total.spread += spread;
  }
  // a window of the model is 8 × 8, one of the ring 1 × 8
  const perStep = (/** @type {number} */ count) => Number(((count * WINDOW) / RINGS / STEPS).toFixed(1));
  table.push({
    method: name,
    "all six agree": percent(total.agree / RINGS),
    "between the modes": percent(total.between / RINGS),
    "spread inside a window (true 0.35)": (total.spread / RINGS).toFixed(2),
    passes: `${perStep(passes.forward)}${passes.backward > 0 ? ` + ${perStep(passes.backward)} backward` : ""}`,
  });
  console.error(`${table.length} of ${ROWS.length}: ${name}`);
}
const columns = Object.keys(table[0]);
console.log(`| ${columns.join(" | ")} |\n|${columns.map(() => "---").join("|")}|`);
for (const row of table) console.log(`| ${Object.values(row).join(" | ")} |`);
