/** @file `npm run models:check`: the bundled model's quality, as a table with floor and aim. Exit code 1 where a floor is missed. */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { FOLDER } from "../train/folder.js";
import { openJudge } from "./judge.js";
import { judgeAccuracy, judgedWindows, pairs, reconstruction, sideBySide, TIMED, UNTIMED } from "./measures.js";
import { bootstrapInterval, commonestShare, mean, share } from "./statistics.js";

const PARTS = ["judge", "reconstruction", "windows", "panoramas"] as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    windows: { type: "string", default: "200" },
    panoramas: { type: "string", default: "24" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const wanted = (part: (typeof PARTS)[number]): boolean => positionals.length === 0 || positionals.includes(part);
const stranger = positionals.find((name) => !(PARTS as readonly string[]).includes(name));
if (stranger !== undefined) {
  console.error(`models:check: got "${stranger}", want some of ${PARTS.join(", ")}`);
  process.exit(2);
}

interface Line {
  readonly what: string;
  readonly measured: string;
  readonly floor: string;
  readonly aim: string;
  readonly reached: "aim" | "floor" | "missed";
}
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
/** `higher`: more is better. */
function line(
  what: string,
  value: number,
  floor: number,
  aim: number,
  better: "higher" | "lower",
  show: (x: number) => string = percent,
): Line {
  const meets = (bound: number) => (better === "higher" ? value >= bound : value <= bound);
  return {
    what,
    measured: show(value),
    floor: show(floor),
    aim: show(aim),
    reached: meets(aim) ? "aim" : meets(floor) ? "floor" : "missed",
  };
}

const threads = Number(values.threads);
const model = await openModel("tiny-landscapes", { device: "cpu", threads });
const judge = await openJudge(FOLDER, threads);
const pictures = join(FOLDER, "../../.work/check");
const lines: Line[] = [];
const notes: string[] = [];

if (wanted("judge")) {
  const accuracy = await judgeAccuracy(judge);
  lines.push(line("the judge, on fresh drawings: time", accuracy.time, 0.97, 0.97, "higher"));
  lines.push(line("the judge, on fresh drawings: terrain", accuracy.terrain, 0.97, 0.97, "higher"));
}
await mkdir(pictures, { recursive: true });
if (wanted("reconstruction")) {
  const { psnr, sheet } = await reconstruction(model);
  await writeFile(join(pictures, "reconstruction.png"), await encodePng(sheet));
  lines.push(line("autoencoder, fresh drawings: PSNR", psnr, 24, 28, "higher", (x) => `${x.toFixed(2)} dB`));
}
if (wanted("windows")) {
  const count = Number(values.windows);
  const timed = await judgedWindows(model, judge, TIMED, count);
  await writeFile(join(pictures, "windows.png"), await encodePng(sideBySide(timed.samples)));
  lines.push(
    line(
      `${count} windows, terrain and time in the prompt: time right`,
      share(timed.seen, (k) => k.time === k.asked.time),
      0.8,
      0.92,
      "higher",
    ),
  );
  lines.push(
    line(
      `${count} windows, terrain and time in the prompt: terrain right`,
      share(timed.seen, (k) => k.terrain === k.asked.terrain),
      0.6,
      0.85,
      "higher",
    ),
  );
  const untimed = await judgedWindows(model, judge, UNTIMED, count);
  await writeFile(join(pictures, "windows-untimed.png"), await encodePng(sideBySide(untimed.samples)));
  lines.push(
    line(
      `${count} windows, no time in the prompt: the commonest time's share`,
      commonestShare(untimed.seen.map((k) => k.time)),
      0.6,
      0.4,
      "lower",
    ),
  );
}
if (wanted("panoramas")) {
  const all = await pairs(model, judge, Number(values.panoramas), pictures);
  const fall = 1 - mean(all.map((p) => p.sync.intra)) / mean(all.map((p) => p.multi.intra));
  lines.push(line(`${all.length} seeds, 128×768: SyncDiffusion lowers Intra-LPIPS by`, fall, 0.15, 0.25, "higher"));
  const agreeing = (which: "multi" | "sync") => all.filter((p) => new Set(p[which].times).size === 1).length;
  const [sync, multi] = [agreeing("sync"), agreeing("multi")];
  const agreement = line(
    "panoramas whose six windows agree on the time",
    sync,
    all.length / 2,
    (all.length * 3) / 4,
    "higher",
    (x) => `${x} of ${all.length}`,
  );
  lines.push(sync > multi ? agreement : { ...agreement, reached: "missed" });
  notes.push(`MultiDiffusion's panoramas that agree on the time: ${multi} of ${all.length}`);
  const terrain = (p: (typeof all)[number], which: "multi" | "sync") =>
    share(p[which].terrains, (name) => name === UNTIMED.find(({ prompt }) => prompt === p.prompt)?.terrain);
  const lost = all.map((p) => terrain(p, "multi") - terrain(p, "sync"));
  const [low, high] = bootstrapInterval(lost);
  const points = (x: number) => `${(100 * x).toFixed(1)} points`;
  const reached = low <= 0 ? "aim" : mean(lost) <= 0.04 ? "floor" : "missed";
  lines.push({
    what: "terrain agreement lost against MultiDiffusion",
    measured: `${points(mean(lost))} [${points(low)}, ${points(high)}]`,
    floor: "4 points",
    aim: "none that the interval shows",
    reached,
  });
}
await judge.close();
await model.close();

console.table(Object.fromEntries(lines.map(({ what, ...rest }) => [what, rest])));
for (const note of notes) console.log(note);
console.log(`pictures: ${pictures}`);
process.exit(lines.some(({ reached }) => reached === "missed") ? 1 : 0);
