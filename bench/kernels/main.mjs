/**
 * @file `npm run bench:kernels [-- word …]`: what Jupyter kernels for TypeScript and JavaScript can do, tried here feature by feature: Veduta's, stock
 * tslab, Deno's and ijavascript. Prints the table of docs/notebooks.md. Words choose the features whose names have one of them.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { askProbe } from "./ask.mjs";
import { kernels } from "./kernels.mjs";
import { FILES, PROBES } from "./probes.mjs";
import { openSession } from "./session.mjs";
import { TIMES } from "./times.mjs";

const words = process.argv.slice(2);
const chosen = (/** @type {{ readonly feature: string }} */ { feature }) =>
  words.length === 0 || words.some((word) => feature.includes(word));
const compared = kernels();
console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}, load ${loadavg()[0].toFixed(1)} before the start`,
);

/** Tries one feature in one kernel. @param {import("./kernels.mjs").Kernel} kernel @param {(cwd: string) => Promise<boolean | string>} work */
async function cellOf(kernel, work) {
  const cwd = mkdtempSync(join(tmpdir(), "veduta-probe-"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(cwd, name), text);
  try {
    const found = await work(cwd);
    return typeof found === "string" ? found : found ? "yes" : "no";
  } catch (error) {
    return `no (${kernel.name} failed: ${/** @type {Error} */ (error).message.split("\n")[0]})`;
  } finally {
    rmSync(cwd, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {import("./probes.mjs").Probe} probe @param {import("./kernels.mjs").Kernel} kernel @param {string} cwd */
async function inSession(probe, kernel, cwd) {
  const session = await openSession(kernel, cwd);
  try {
    return await probe.try(session);
  } finally {
    await session.stop();
  }
}

/** @type {{ readonly feature: string, readonly work: (kernel: import("./kernels.mjs").Kernel, cwd: string) => Promise<boolean | string> }[]} */
const rows = [
  ...PROBES.map((probe) => ({
    feature: probe.feature,
    work: (/** @type {import("./kernels.mjs").Kernel} */ kernel, /** @type {string} */ cwd) => inSession(probe, kernel, cwd),
  })),
  { feature: "a cell asks in the front end", work: askProbe },
  ...TIMES,
].filter(chosen);

const table = [["", ...compared.map(({ name, version }) => `${name} ${version}`)]];
for (const { feature, work } of rows) {
  const cells = [];
  for (const kernel of compared) cells.push(await cellOf(kernel, (cwd) => work(kernel, cwd)));
  table.push([feature, ...cells]);
  process.stderr.write(`${feature}: ${cells.join(", ")}\n`);
}
const [head, ...body] = table.map((cells) => `| ${cells.join(" | ")} |`);
console.log(`\n${[head, `|${"---|".repeat(compared.length + 1)}`, ...body].join("\n")}`);
