/** @file A sweep's report: report.html with thumbnails beside it, and table.csv. */
import { basename, join, relative } from "node:path";
import { fileExists } from "../core/files.js";
import { thumbnailOf } from "../core/image.js";
import { counted, duration } from "../core/words.js";
import { writeWhole } from "../core/write-whole.js";
import { type SweepFigure, type SweepVariant, sweepPage } from "../pages/sweep-page.js";
import type { Measured } from "../runs/measure/measure-folders.js";
import type { SweepPlan } from "./plan.js";
import { runFolder, type SweepFolder } from "./sweep-folder.js";
import type { MadeRun, SweepRow } from "./sweep-rows.js";
import { sweepCsv } from "./sweep-table.js";

/** File of the report. */
export const REPORT_FILE = "report.html";
/** File of the table. */
export const TABLE_FILE = "table.csv";
const THUMBNAILS = "thumbnails";
/** Twice the width in which the page shows them on a screen of one pixel a pixel. */
const THUMBNAIL_WIDTH = 640;
/** Pictures on the page; table.csv names all. */
const MOST_SHOWN = 1000;

/** Writes report.html and table.csv from what is there. @returns the page's file */
export async function writeReport(folder: SweepFolder, rows: readonly SweepRow[], measured?: Measured): Promise<string> {
  const { dir, info } = folder;
  const made = rows.flatMap((row) => (row.made ? [{ row, made: row.made }] : []));
  const shown = made.slice(0, MOST_SHOWN);
  for (const { row, made } of shown) await writeThumbnail(dir, row.run.key, made);
  const failures = rows.flatMap(({ run, variant, subject, failed }) =>
    failed ? [{ title: `${subject}, ${variant}, seed ${String(run.options.seed)}`, reason: `${failed.name}: ${failed.message}` }] : [],
  );
  const subjects = [...new Set(shown.map(({ row }) => row.subject))].map((subject) => ({
    subject,
    figures: shown.filter(({ row }) => row.subject === subject).map((each) => figureOf(dir, each)),
  }));
  const seconds = made.reduce((sum, { made }) => sum + made.seconds, 0);
  const page = sweepPage({
    title: basename(dir) === "" ? "sweep" : basename(dir),
    facts: `${made.length} of ${counted(rows.length, "run")} of ${basename(info.model.name)}; ${duration(seconds)} of work in all.`,
    notes: notesOf(rows),
    variants: variantsOf(made),
    subjects,
    left: made.length - shown.length,
    failures,
    measured,
    plan: planText(info.plan),
  });
  await writeWhole(join(dir, TABLE_FILE), sweepCsv(rows, measured));
  await writeWhole(join(dir, REPORT_FILE), page);
  return join(dir, REPORT_FILE);
}

/** A plan as JSON; lists and objects that hold no others stand in one line. */
const planText = (plan: SweepPlan): string =>
  JSON.stringify(plan, null, 2).replace(/[[{]\n[^[\]{}]*[\]}]/g, (simple) => simple.replace(/\s*\n\s*/g, " "));

interface Made {
  readonly row: SweepRow;
  readonly made: MadeRun;
}

async function writeThumbnail(dir: string, key: string, { picture }: MadeRun): Promise<void> {
  const file = join(dir, THUMBNAILS, `${key}.webp`);
  if (!fileExists(file)) await writeWhole(file, await thumbnailOf(picture, THUMBNAIL_WIDTH));
}

function figureOf(dir: string, { row: { run, variant, subject }, made }: Made): SweepFigure {
  const kept = join(runFolder(dir, run.key), REPORT_FILE);
  return {
    src: `${THUMBNAILS}/${run.key}.webp`,
    href: relative(dir, fileExists(kept) ? kept : made.picture).replaceAll("\\", "/"),
    alt: `${subject}, ${variant}, seed ${String(run.options.seed)}`,
    caption: `seed ${String(run.options.seed)}, ${variant}`,
    width: made.width,
    height: made.height,
  };
}

/** What a reader of the numbers should know. */
function notesOf(rows: readonly SweepRow[]): readonly string[] {
  const missing = rows.filter(({ state }) => state === "missing").length;
  const made = rows.flatMap((row) => row.made ?? []);
  const devices = tally(made.map(({ device, precision }) => `${device} ${precision}`));
  const versions = tally(made.map(({ version }) => `Veduta ${version}`));
  return [
    ...(missing > 0 ? [`${counted(missing, "run")} ${missing === 1 ? "is" : "are"} not there yet.`] : []),
    ...(devices.length > 1 ? [`Not all on one device: ${inCounts(devices)}. Their numbers may differ in the last digits.`] : []),
    ...(versions.length > 1 ? [`Not all by one version: ${inCounts(versions)}.`] : []),
  ];
}

/** How often each word stands, the most frequent first. */
export function tally(words: readonly string[]): readonly (readonly [word: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** "412 runs on cuda float16, 88 on cpu float32", without the preposition of the first. */
const inCounts = (counts: ReturnType<typeof tally>): string => counts.map(([word, n]) => `${counted(n, "run")} by ${word}`).join(", ");

function variantsOf(made: readonly Made[]): readonly SweepVariant[] {
  return [...new Set(made.map(({ row }) => row.variant))].map((variant) => {
    const own = made.filter(({ row }) => row.variant === variant).map((each) => each.made);
    const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;
    const names = [...new Set(own.flatMap(({ numbers }) => Object.keys(numbers)))];
    const titles = new Map(own.flatMap(({ series }) => series.map(({ name, title }) => [name, title] as const)));
    const numbers = names.map((name) => [titles.get(name) ?? name, mean(own.flatMap(({ numbers }) => numbers[name] ?? []))] as const);
    return { variant, runs: own.length, seconds: mean(own.map(({ seconds }) => seconds)), numbers: Object.fromEntries(numbers) };
  });
}
