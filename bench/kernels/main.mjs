/**
 * @file `npm run bench:kernels [-- word …]`: what Jupyter kernels for TypeScript and JavaScript can do, tried here feature by feature: Veduta's, stock
 * tslab, Deno's and ijavascript. Prints the table of docs/notebooks.md. Words choose the features whose names have one of them.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { kernels } from "./kernels.mjs";
import { FILES } from "./probes.mjs";
import { ROWS } from "./rows.mjs";

const words = process.argv.slice(2);
const chosen = (/** @type {{ readonly feature: string }} */ { feature }) =>
  words.length === 0 || words.some((word) => feature.includes(word));
const compared = kernels();
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}, load ${loadavg()[0].toFixed(1)} before the start`,
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

const table = [["", ...compared.map(({ name, version }) => `${name} ${version}`)]];
for (const { feature, work } of ROWS.filter(chosen)) {
  const cells = [];
  for (const kernel of compared) cells.push(await cellOf(kernel, (cwd) => work(kernel, cwd)));
  table.push([feature, ...cells]);
  process.stderr.write(`${feature}: ${cells.join(", ")}\n`);
}
const [head, ...body] = table.map((cells) => `| ${cells.join(" | ")} |`);
console.log(`\n${[head, `|${"---|".repeat(compared.length + 1)}`, ...body].join("\n")}`);
