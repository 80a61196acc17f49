/** @file Peak memory of `veduta measure`, which must not grow with the number of pictures. Each number in a process of its own. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "#kernel-lib/cli.js";
import { encodePng } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import { peakMiB } from "./memory.mjs";

const [FEW, MANY] = [150, 3000];
/** Pictures that differ; the others are copies, which are read and decoded like any. */
const DRAWN = 150;
const [HEIGHT, WIDTH] = [64, 384];

/** @returns {Promise<import("./table.mjs").Row[]>} */
export async function measureMeasuring() {
  const root = mkdtempSync(join(tmpdir(), "veduta-bench-"));
  try {
    const [few, many] = await Promise.all([FEW, MANY].map((count) => drawn(join(root, String(count)), count)));
    const [less, more] = [few, many].map((dir) => measuredApart(dir));
    const each = `${WIDTH}×${HEIGHT} px, ${((1000 * more.seconds) / MANY).toFixed(0)} ms a picture`;
    return [
      { what: `peak memory of veduta measure, ${FEW} pictures`, value: less.peak, unit: "MiB", note: each },
      { what: `peak memory of veduta measure, ${MANY} pictures`, value: more.peak, unit: "MiB", bound: Math.round(1.25 * less.peak) },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** @param {string} dir @param {number} count */
async function drawn(dir, count) {
  mkdirSync(dir);
  for (let k = 0; k < count; k++) {
    const file = join(dir, `${k}.png`);
    if (k >= DRAWN) {
      copyFileSync(join(dir, `${k % DRAWN}.png`), file);
      continue;
    }
    const rng = createRng(k);
    const data = Float32Array.from({ length: 3 * HEIGHT * WIDTH }, (_, i) => 0.5 + 0.3 * Math.sin(i / (k + 5)) + 0.1 * rng.uniform());
    writeFileSync(file, await encodePng({ data, shape: [1, 3, HEIGHT, WIDTH] }));
  }
  return dir;
}

/** @param {string} dir @returns {{ peak: number, seconds: number }} */
function measuredApart(dir) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), dir], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(`measuring ${dir} ended with exit code ${status}:\n${stderr}`);
  return JSON.parse(stdout);
}

/** @param {string} dir */
async function measureOne(dir) {
  const { openModel } = await import("#kernel-lib/pipelines/open-model.js");
  const begun = performance.now();
  const quiet = { write: () => true };
  const words = [
    "measure",
    dir,
    "--against",
    join(dir, "../150"),
    "--metrics",
    "judge-fid,judge-kid,intra-lpips,window-spread",
    "--device",
    "cpu",
  ];
  const status = await main(words, { openModel, stdout: quiet, stderr: quiet, onInterrupt: () => () => {} });
  if (status !== 0) throw new Error(`veduta measure ended with ${status}`);
  console.log(JSON.stringify({ peak: peakMiB(), seconds: (performance.now() - begun) / 1000 }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measureOne(process.argv[2]);
