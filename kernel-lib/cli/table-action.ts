/** @file The action of `veduta table paper`. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { clock, counted } from "../core/words.js";
import { writeWhole } from "../core/write-whole.js";
import { progressLine } from "../display/progress-line.js";
import { intervalText, short4 } from "../pages/measure-page.js";
import type { MetricNetworkName } from "../pipelines/metric-networks.js";
import { BUNDLED_MODELS } from "../pipelines/open-model.js";
import { measureByName } from "../runs/measure/measure-by-name.js";
import type { Measured } from "../runs/measure/measure-folders.js";
import { BUNDLED_PROMPTS, PAPER_OPTIONS, PAPER_PROMPTS, PUBLISHED, paintPaperPanoramas, paperFolder } from "../runs/paper-table.js";
import { type CliDeps, InterruptedError, UsageError } from "./command.js";
import { type ModelFlags, withModel } from "./run-command.js";

/** The flags of `veduta table paper`. */
export interface TableFlags extends ModelFlags {
  readonly out: string;
  readonly panoramas: number;
  readonly methods: readonly string[];
  readonly prompts?: string;
  readonly steps?: number;
  readonly weights?: string;
}

/** Paints what is missing, measures, and prints. @throws UsageError for a file without prompts; InterruptedError if the user stops it */
export async function tableAction(flags: TableFlags, deps: CliDeps): Promise<void> {
  const { out, panoramas, methods, steps = PAPER_OPTIONS.steps, weights, device, threads } = flags;
  const bundled = flags.model === undefined || BUNDLED_MODELS.includes(flags.model);
  const prompts = promptsOf(flags, bundled);
  const name = await withModel(flags, deps, async ({ model, signal }) => {
    const line = progressLine(deps.stderr);
    const begun = performance.now();
    let painted = 0;
    const progress = (done: number, all: number, how: "painted" | "kept") => {
      if (how === "kept") return;
      const left = ((performance.now() - begun) / ++painted) * (all - done);
      line.show(done / all, `${done} of ${counted(all, "picture")}`, `${clock(left)} left`);
    };
    try {
      await paintPaperPanoramas(model, { painter: model.digest, prompts, methods, panoramas, steps, dir: out, signal, progress });
    } catch (error) {
      if (signal.aborted) throw new InterruptedError(`Stopped; ${out} holds the pictures so far, and the same command goes on.`);
      throw error;
    } finally {
      line.end();
    }
    return basename(model.path);
  });
  const networks: readonly MetricNetworkName[] = bundled && weights === undefined ? ["judge"] : ["inception", "vgg19", "clip-b16"];
  const measuring = progressLine(deps.stderr);
  const progress = (done: number, all: number) => measuring.show(done / all, `${done} of ${counted(all, "picture")} measured`);
  const measured = await measureByName(
    methods.map((method) => paperFolder(out, method)),
    { model: flags.model, networks, weights, device, threads, against: paperFolder(out, "reference"), progress },
  ).finally(measuring.end);
  const text = tableText(measured, {
    name,
    panoramas,
    prompts,
    steps,
    networks: weights === "random" ? "random" : bundled ? "bundled" : "published",
  });
  await writeWhole(join(out, "table.json"), `${JSON.stringify({ prompts, methods, panoramas, steps, measured }, null, 2)}\n`);
  await writeWhole(join(out, "table.md"), text);
  deps.stdout.write(text);
}

function promptsOf({ prompts }: TableFlags, bundled: boolean): readonly string[] {
  if (prompts === undefined) return bundled ? BUNDLED_PROMPTS : PAPER_PROMPTS;
  const lines = readFileSync(prompts, "utf8").split(/\r?\n/);
  const found = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (found.length === 0) throw new UsageError(`--prompts ${prompts}: got no prompt, want one per line`);
  return found;
}

const NOTES = {
  published: ["Published: CDGS, table 4, 512×4608 px, Stable Diffusion 2.0-base."],
  bundled: ["The networks are the bundled ones: these numbers compare with each other, and with no published one."],
  random: ["The networks of the metrics have random weights: these numbers mean nothing."],
} as const;

interface TableFacts {
  readonly name: string;
  readonly panoramas: number;
  readonly prompts: readonly string[];
  readonly steps: number;
  /** of the metrics: numbers that compare with published ones come from published networks alone */
  readonly networks: "published" | "bundled" | "random";
}

/** A Markdown table: a row per metric, and for each method ours, by the official definition where that is another, and published. */
function tableText(measured: Measured, { name, panoramas, prompts, steps, networks }: TableFacts): string {
  const methods = measured.folders.map(({ dir }) => basename(dir));
  const head = ["metric", ...methods.flatMap((method) => [`${method}, ours`, `${method}, official definition`, `${method}, published`])];
  const rows = measured.columns.flatMap(({ name: column, title, better }) => {
    const cells = measured.folders.flatMap(({ columns: { [column]: cell } }, k) => {
      if (!cell || Number.isNaN(cell.value.low)) return ["–", "–", "–"]; // no number without an interval
      return [
        intervalText(cell.value),
        official(column, cell.value.mean),
        (networks === "published" && PUBLISHED[methods[k]]?.[column]) || "–",
      ];
    });
    return cells.every((cell) => cell === "–") ? [] : [[`${title} (${better} is better)`, ...cells]];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const notes = [
    `${name}; ${prompts.length} ${prompts.length === 1 ? "prompt" : "prompts"}, ${panoramas} panoramas of each, ${steps} ${steps === 1 ? "step" : "steps"}. Each cell: mean (95 % interval), n.`,
    ...NOTES[networks],
  ];
  return [line(head), line(head.map(() => "---")), ...rows.map(line), "", ...notes, ""].join("\n");
}

/** Pairs of the six crops of a panorama, over which the official style loss is summed. */
const PAIRS = 15;

/** The mean by the official code's definition, where that is another than ours. */
const official = (column: string, mean: number): string =>
  column.endsWith("intra-style") ? `${short4(PAIRS * mean)} (sum over pairs)` : "the same";
