/** @file The table of the SyncDiffusion paper: its prompts and options, and the panoramas that it is computed from. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { encodePng } from "../core/image.js";
import { writeWhole } from "../core/write-whole.js";
import type { JointModel } from "../diffusion/joint-model.js";
import { methodNamed } from "../methods/methods.js";
import { type PictureList, writePictureList } from "./measure/found-pictures.js";

/** The six prompts of the paper (Lee et al. arXiv:2306.05178, section 5). */
export const PAPER_PROMPTS = [
  "natural landscape in anime style illustration",
  "a photo of a forest with a misty fog",
  "a photo of a mountain range at twilight",
  "cartoon panorama of spring summer beautiful nature",
  "a photo of a snowy mountain peak with skiers",
  "a photo of a city skyline at night",
] as const;

/** Prompts of the bundled model, which knows none of the paper's: its six terrains. */
export const BUNDLED_PROMPTS = ["mountains", "hills", "desert", "forest", "city", "sea"] as const;

/**
 * The paper's options: section 5 and the official script; the panorama has six windows side by side. SyncDiffusion's weight is the checkpoint's
 * recommendation, else the paper's 20, with its decay.
 */
export const PAPER_OPTIONS = { steps: 50, guidanceScale: 7.5 } as const;
/** What was published, at 512×4608 px: CDGS, table 4 (mean, and deviation where it stands there). */
export const PUBLISHED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  multi: { "intra-lpips": "0.72 ± 0.08", "intra-style": "2.96e-2", "clip-score": "31.77" },
  sync: { "intra-lpips": "0.58 ± 0.06", "intra-style": "1.39e-2", "clip-score": "31.77" },
};

/** What is painted for the table. */
export interface PaperPanoramasOptions {
  /** says which model paints, such as its digest: pictures of another are not gone on with */
  readonly painter: string;
  readonly prompts: readonly string[];
  /** names of joint methods */
  readonly methods: readonly string[];
  /** panoramas per prompt and method */
  readonly panoramas: number;
  /** default the paper's 50 */
  readonly steps?: number;
  /** the folder; what is there already is kept */
  readonly dir: string;
  readonly signal?: AbortSignal;
  /** called after each panorama, also one that was there */
  readonly progress?: (done: number, all: number, how: "painted" | "kept") => void;
}

/** The folder of one method's panoramas; "reference": single windows of the plain model, what FID compares with. */
export const paperFolder = (dir: string, method: string): string => join(dir, "pictures", method);

/**
 * Paints the panoramas of the table, and as many single windows of the plain model, each into a file that is written whole: a run that was stopped or
 * killed goes on where it was, also with more panoramas or other methods. The same prompt and number begin with the same noise in every method.
 * @throws RangeError for a method that is not known, or a number of panoramas that is none
 * @throws CheckpointError where the folder holds pictures of another model, other prompts or another number of steps
 */
export async function paintPaperPanoramas(model: JointModel, options: PaperPanoramasOptions): Promise<void> {
  const { painter, prompts, methods, panoramas, steps = PAPER_OPTIONS.steps, dir, signal, progress } = options;
  if (!Number.isSafeInteger(panoramas) || panoramas < 2) throw new RangeError(`panoramas ${panoramas}: want a whole number, at least 2`);
  const { window, scaleFactor } = model.config;
  const kinds = [
    { name: "reference", method: methodNamed("multi"), own: { width: window * scaleFactor } },
    ...methods.map((name) => ({ name, method: methodNamed(name), own: {} })),
  ];
  const jobs = prompts.flatMap((prompt, p) =>
    Array.from({ length: panoramas }, (_, k) => ({
      prompt,
      seed: SEEDS * p + k + 1,
      file: `${p + 1}-${String(k + 1).padStart(4, "0")}.png`,
    })),
  );
  await keepSettings(dir, { painter, prompts, steps });
  for (const { name } of kinds) {
    mkdirSync(paperFolder(dir, name), { recursive: true });
    const list: PictureList = Object.fromEntries(jobs.map(({ prompt, seed, file }) => [file, { key: `${prompt}, seed ${seed}`, prompt }]));
    await writePictureList(paperFolder(dir, name), list);
  }
  let done = 0;
  for (const { prompt, seed, file } of jobs)
    for (const { name, method, own } of kinds) {
      const path = join(paperFolder(dir, name), file);
      const kept = existsSync(path);
      if (!kept) {
        const run = method.run(model, { ...PAPER_OPTIONS, steps, prompt, seed, signal, ...own } as never);
        let next = await run.next();
        while (!next.done) next = await run.next();
        await writeWhole(path, await encodePng(next.value.panorama));
      }
      progress?.(++done, jobs.length * kinds.length, kept ? "kept" : "painted");
    }
}

/** Seeds of one prompt, so that prompts share none. */
const SEEDS = 10_000;

/** Writes what all pictures of a folder were painted with, or compares it with what is there. */
async function keepSettings(dir: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(dir, "settings.json");
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  if (!existsSync(file)) {
    mkdirSync(dir, { recursive: true });
    await writeWhole(file, text);
  } else if (readFileSync(file, "utf8") !== text)
    throw new CheckpointError(file, {
      expected: `the settings of this table: ${JSON.stringify(settings)}`,
      found: "others: the pictures beside it were painted with them",
      fix: "give the same options, or another folder",
    });
}
