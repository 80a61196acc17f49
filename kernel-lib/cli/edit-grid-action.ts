/** @file `veduta edit --grid`: many edits of one picture, ranked. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { clock, counted, short } from "../core/words.js";
import { writeWhole } from "../core/write-whole.js";
import type { DualEncoder } from "../diffusion/capabilities.js";
import { progressLine } from "../display/progress-line.js";
import { type Candidate, type CandidateScore, editGrid } from "../methods/edit/edit-grid.js";
import type { EditModel } from "../methods/edit/edit-model.js";
import { directionalScore, dualScore } from "../metrics/dual-score.js";
import { structure } from "../metrics/structure.js";
import { type CliDeps, InterruptedError, type PaintModel, UsageError } from "./command.js";
import type { EditFlags, SourcePicture } from "./edit-flags.js";

interface GridContext {
  readonly deps: CliDeps;
  readonly model: PaintModel & EditModel;
  readonly signal: AbortSignal;
}

/** Edits with every combination and writes the candidates, the best first. */
export async function grid(source: SourcePicture, prompt: string, flags: EditFlags, { deps, model, signal }: GridContext): Promise<void> {
  const { sourcePrompt = "", scales, skips, trials } = flags;
  const seed = typeof flags.seed === "number" ? flags.seed : Math.floor(Math.random() * 2 ** 32);
  const dir = flags.out ?? join("veduta-out", `grid-${seed}`);
  await expectEmpty(dir, flags.force === true);
  const steps = typeof flags.steps === "number" ? flags.steps : 100;
  const skipSteps = skips ?? [0, Math.floor(steps / 5)];
  const score = scoreOf(flags, model, source.image, { sourcePrompt, prompt });
  const { latent } = source;
  const shared = {
    ...(flags as object),
    latent,
    prompt,
    sourcePrompt,
    seed,
    steps,
    skipSteps,
    guidanceScales: scales,
    trials,
    score,
    signal,
  };
  const total = scales.length * skipSteps.length * trials;
  const line = progressLine(deps.stderr);
  const rows = editGrid(model, shared as Parameters<typeof editGrid>[1]);
  const begun = performance.now();
  let done = 0;
  try {
    for (;;) {
      const next: IteratorResult<Candidate, readonly Candidate[]> = await rows.next();
      if (next.done) {
        line.end();
        await write(dir, next.value, source.image, { ...flags, prompt, seed });
        deps.stdout.write(`${table(next.value)}\n${join(dir, "edited.png")}\n${join(dir, "candidates")}\n`);
        return;
      }
      done++;
      line.show(
        done / total,
        `${done} of ${counted(total, "edit")}`,
        `${clock(((performance.now() - begun) / done) * (total - done))} left`,
      );
    }
  } catch (error) {
    line.end();
    if (signal.aborted) throw new InterruptedError(`Stopped after ${done} of ${total} edits; nothing was written.`);
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** @throws UsageError where the checkpoint has no dual encoder */
function scoreOf(
  { score }: EditFlags,
  model: PaintModel & EditModel,
  source: Tensor,
  prompts: { readonly sourcePrompt: string; readonly prompt: string },
): CandidateScore {
  if (score === "structure") return async (edited) => (await structure(source, edited))[0];
  if (!("embedImages" in model))
    throw new UsageError(`--score ${score} needs a dual encoder, and this checkpoint has none; --score structure needs none`);
  const dual = model as unknown as DualEncoder;
  if (score === "prompt") return async (edited) => (await dualScore(dual, edited, prompts.prompt))[0];
  return async (edited) => (await directionalScore(dual, { source, edited, ...prompts }))[0];
}

async function write(dir: string, candidates: readonly Candidate[], source: Tensor, about: object): Promise<void> {
  await mkdir(join(dir, "candidates"), { recursive: true });
  await writeWhole(join(dir, "source.png"), await encodePng(source));
  await writeWhole(join(dir, "edited.png"), await encodePng(candidates[0].image));
  for (const [k, { image }] of candidates.entries()) await writeWhole(join(dir, fileOf(k)), await encodePng(image));
  const entries = candidates.map(({ image: _, latent: __, ...numbers }, k) => ({ file: fileOf(k), ...numbers }));
  await writeWhole(join(dir, "grid.json"), `${JSON.stringify({ format: 1, options: about, candidates: entries }, null, 2)}\n`);
}

const fileOf = (k: number): string => `candidates/${String(k).padStart(3, "0")}.png`;

/** The candidates as lines, the best first. */
const table = (candidates: readonly Candidate[]): string =>
  candidates
    .map(({ score, guidanceScale, skipSteps, trial, seed }, k) =>
      [`${k}:`, `score ${short(score)}`, `guidance ${guidanceScale}`, `skip ${skipSteps}`, `trial ${trial}`, `seed ${seed}`].join("  "),
    )
    .join("\n");

/** @throws UsageError if the folder holds anything, unless it may be replaced */
async function expectEmpty(dir: string, force: boolean): Promise<void> {
  const names = await readdir(dir).catch((): string[] => []);
  if (names.length === 0) return;
  if (!force || !names.includes("grid.json"))
    throw new UsageError(`--out ${dir} is not empty; give a new or empty folder${names.includes("grid.json") ? ", or --force" : ""}`);
  for (const name of ["candidates", "source.png", "edited.png", "grid.json"]) await rm(join(dir, name), { recursive: true, force: true });
}
