/** @file The action of `veduta compare`. */
import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { encodePng, encodeWebp } from "../core/image.js";
import { clock, counted, duration } from "../core/words.js";
import { writeWhole } from "../core/write-whole.js";
import { progressLine } from "../display/progress-line.js";
import { allMethods } from "../methods/methods.js";
import { metrics } from "../metrics/metrics.js";
import { comparePage } from "../pages/compare-page.js";
import { dataUrl } from "../pages/html.js";
import { type ComparedPanorama, comparedMethod, compareMethods, summarise } from "../runs/compare-methods.js";
import { type CliDeps, InterruptedError, UsageError } from "./command.js";
import { methodFlags } from "./method-flags.js";
import type { MethodVariant } from "./method-variants.js";
import { noteUnknownWords } from "./notes.js";
import { type ModelFlags, withModel } from "./run-command.js";
import { loadedFlags } from "./run-options.js";

/** The flags of `veduta compare`, and those of the methods' options by option name. */
export interface CompareFlags extends ModelFlags, Readonly<Record<string, unknown>> {
  readonly methods: readonly MethodVariant[];
  readonly seeds: readonly number[];
  readonly out: string;
  readonly force?: true;
}

/** Paints, measures, and writes the page. @throws UsageError for wrong flags; InterruptedError if the user stops it: what was painted stays */
export async function compare(prompt: string, words: CompareFlags, deps: CliDeps): Promise<void> {
  const flags = await loadedFlags(words, allMethods());
  const { seeds, out, force } = flags;
  const methods = flags.methods.map(({ label }) => label);
  if (methods.length < 2) throw new UsageError(`--methods ${methods.join(",")}: want two or more different methods`);
  if (existsSync(join(out, "compare.json")) && !force) throw new UsageError(`${out}: holds a comparison already; --force replaces it`);
  const { shared, own } = optionsOf(flags);
  await withModel(flags, deps, async ({ model, signal }) => {
    noteUnknownWords(model, [prompt], deps);
    mkdirSync(out, { recursive: true });
    const done: ComparedPanorama[] = [];
    const line = progressLine(deps.stderr);
    const begun = performance.now();
    const all = methods.length * seeds.length;
    try {
      for await (const one of compareMethods(model, { ...shared, own, prompt, methods, seeds, signal })) {
        done.push(one);
        await writePicture(out, one);
        const left = `${clock(((performance.now() - begun) / done.length) * (all - done.length))} left`;
        const last = `${one.method}, seed ${one.seed}, ${duration(one.seconds)}`;
        line.show(done.length / all, `${done.length} of ${counted(all, "panorama")}`, last, left);
      }
    } catch (error) {
      if (!signal.aborted) throw done.length === 0 && error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
    } finally {
      line.end();
    }
    if (done.length === 0) throw new InterruptedError("Stopped before the first panorama; nothing was written.");
    await write(prompt, words, done, `${basename(model.path)} on ${model.device}`);
    deps.stdout.write(`${join(out, "index.html")}\n`);
    if (signal.aborted) throw new InterruptedError(`Stopped after ${done.length} of ${all} panoramas; the page holds those.`);
  });
}

/** OUT/METHOD/SEED.png, so that `veduta measure` takes a method's folder. */
async function writePicture(out: string, { method, seed, panorama }: ComparedPanorama): Promise<void> {
  const folder = join(out, method.replaceAll(":", ","));
  mkdirSync(folder, { recursive: true });
  await writeWhole(join(folder, `${seed}.png`), await encodePng(panorama));
}

/** The options that all methods share, and those of single methods by label: a flag of one method goes to that method alone, in all its variants. */
function optionsOf(flags: CompareFlags): { readonly shared: object; readonly own: Readonly<Record<string, object>> } {
  const own: Record<string, object> = {};
  const shared: Record<string, unknown> = {};
  for (const [flag, { key, methods }] of methodFlags(allMethods())) {
    const value = flags[key];
    if (value === undefined) continue;
    if (!methods) {
      shared[key] = value;
      continue;
    }
    const takers = flags.methods.filter(({ method }) => methods.includes(method));
    if (takers.length === 0)
      throw new UsageError(`${flag} belongs to ${methods.map(({ name }) => name).join(" and ")}, which is not compared; leave it out`);
    for (const { label } of takers) own[label] = { ...own[label], [key]: value };
  }
  for (const { label, options } of flags.methods) own[label] = { ...own[label], ...options };
  return { shared, own };
}

/** "SyncDiffusion, sync-steps 5" for "sync:sync-steps=5". */
const titleOf = (label: string): string =>
  [
    comparedMethod(label).title,
    ...label
      .split(":")
      .slice(1)
      .map((part) => part.replace("=", " ")),
  ].join(", ");

/** The flags of methods' options that were given, as words, each with a space before it. */
const given = (flags: CompareFlags): string =>
  [...methodFlags(allMethods())]
    .filter(([flag, { key }]) => flags[key] !== undefined && flag !== "--seed")
    .map(([flag, { key, spec }]) => {
      const value = flags[key];
      if (spec.flag?.load) return (value as readonly string[]).map((word) => ` ${flag} ${JSON.stringify(word)}`).join("");
      if (typeof value === "boolean") return value ? ` ${flag}` : ` ${flag.replace("--", "--no-")}`;
      return ` ${flag} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`;
    })
    .join("");

async function write(prompt: string, flags: CompareFlags, done: readonly ComparedPanorama[], facts: string): Promise<void> {
  const summaries = summarise(done);
  const known = metrics().filter(({ name }) => summaries.every(({ metrics: of }) => of[name] !== undefined));
  const titles = Object.fromEntries(summaries.map(({ method }) => [method, titleOf(method)]));
  const seeds: { readonly seed: number; readonly pictures: { readonly method: string; readonly src: string }[] }[] = [];
  for (const seed of new Set(done.map((one) => one.seed))) {
    const pictures: { readonly method: string; readonly src: string }[] = [];
    for (const { method, panorama } of done.filter((one) => one.seed === seed))
      pictures.push({ method, src: dataUrl("image/webp", await encodeWebp(panorama, { quality: 90 })) });
    seeds.push({ seed, pictures });
  }
  const nets = (flags.controlNet ?? []).map((name) => ` --control-net ${JSON.stringify(name)}`).join("");
  const command = `veduta compare ${JSON.stringify(prompt)} --methods ${flags.methods.map(({ label }) => label).join(",")} --seeds ${flags.seeds.join(",")}${given(flags)}${nets} --out ${JSON.stringify(flags.out)}`;
  const metricsOf = known.map(({ name, title, better, edge }) => ({
    name,
    title,
    better,
    plot: edge === "wrap" ? ("none" as const) : ("frontier" as const),
  }));
  await writeWhole(join(flags.out, "index.html"), comparePage({ prompt, facts, command, summaries, titles, metrics: metricsOf, seeds }));
  const numbers = done.map(({ panorama: _, ...rest }) => rest);
  await writeWhole(join(flags.out, "compare.json"), `${JSON.stringify({ prompt, facts, summaries, panoramas: numbers }, null, 2)}\n`);
}
