/**
 * @file `npm run bench:cut -- DIR [--stride PIXELS]`: the cut of closed panoramas against the other places where windows begin. DIR is a folder of
 * `veduta compare … --loop`. A closed panorama has a window's edge at its cut as it has one at every stride, so the cut is sound where it differs
 * from these edges no more than they differ from each other. Exit code 1 where a method's cut is worse.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { decodeImage } from "#kernel-lib/core/image.js";
import { pairedInterval } from "#kernel-lib/metrics/interval.js";
import { seamSobel } from "#kernel-lib/metrics/seam-sobel.js";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { stride: { type: "string", default: "32" } } });
const [dir] = positionals;
const stride = Number(values.stride);
if (dir === undefined || !(stride > 0)) {
  console.error("bench:cut: want the folder of `veduta compare … --loop`, and --stride in pixels");
  process.exit(2);
}

/** The panorama, beginning at another column. @param {import("#kernel-lib/core/tensor.js").Tensor} panorama @param {number} from */
function begunAt({ data, shape }, from) {
  const width = shape[3];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) for (let x = 0; x < width; x++) turned[row + x] = data[row + ((x + from) % width)];
  return { data: turned, shape };
}

/** @type {Record<string, object>} */
const table = {};
let worse = false;
for (const entry of readdirSync(dir, { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  const files = readdirSync(join(dir, entry.name)).filter((name) => name.endsWith(".png"));
  /** @type {number[][]} */
  const scores = []; // of each panorama, the score of each window's edge; the first is the cut's
  for (const file of files) {
    const panorama = await decodeImage(join(dir, entry.name, file));
    scores.push(Array.from({ length: panorama.shape[3] / stride }, (_, k) => seamSobel(begunAt(panorama, k * stride))));
  }
  const mean = (/** @type {readonly number[]} */ list) => list.reduce((a, b) => a + b, 0) / list.length;
  const places = scores[0].map((_, k) => mean(scores.map((row) => row[k])));
  const others = places.slice(1).sort((a, b) => a - b);
  const {
    mean: difference,
    low,
    high,
  } = pairedInterval(
    scores.map(([cut]) => cut),
    scores.map(([, ...rest]) => mean(rest)),
  );
  worse ||= low > 0;
  table[entry.name] = {
    panoramas: files.length,
    cut: places[0].toFixed(2),
    "other edges, median": others[Math.floor(others.length / 2)].toFixed(2),
    "their range": `${others[0].toFixed(2)} to ${others[others.length - 1].toFixed(2)}`,
    "difference, 95 %": `${difference.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    cutIs: low > 0 ? "worse" : "as the others",
  };
}
console.table(table);
process.exitCode = worse ? 1 : 0;
