/** @file What `models:check -- edit` measures: CycleDiffusion on the bundled model, against SDEdit and DDIB. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { rows, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { cycle } from "../../../kernel-lib/methods/edit/cyclediffusion.js";
import { ddib } from "../../../kernel-lib/methods/edit/ddib.js";
import { dpmEncode } from "../../../kernel-lib/methods/edit/dpm-encode.js";
import { EDIT_OPTIONS } from "../../../kernel-lib/methods/edit/options.js";
import { sdedit } from "../../../kernel-lib/methods/edit/sdedit.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { type EditCase, editCases, finished, type Outcome, outcomes, success, textsOf } from "./edit-cases.js";
import { agreement, atEqualSuccess, bestOfSix, type Measured, type Setting } from "./edit-comparison.js";
import { controlledEdits } from "./edit-control.js";
import { editedPanoramas } from "./edit-panoramas.js";
import type { Judge } from "./judge.js";
import { bootstrapInterval, mean } from "./statistics.js";
import { type Line, line, percent } from "./table.js";
import { sideBySide } from "./windows.js";

interface Context {
  readonly model: Model;
  readonly judge: Judge;
  readonly pictures: string;
  /** edits of every setting */
  readonly count: number;
}

const SEED = 41;
/** Steps of the edits that are compared with each other; the success rates are of the method's default. */
const STEPS = 25;
/** The method's default setting, which the success rates are of. */
const DEFAULT = { guidanceScale: 3, skip: 0 } as const;
/** Settings that are compared: guidance scale, and the share of the first steps that is left out. */
const CYCLE = grid([1, 2, 3, 5], [0, 0.2]);
const SDEDIT = grid([2, 4], [0.1, 0.2, 0.3]);
const DDIB = grid([1, 3], [0, 0.2]);

function grid(scales: readonly number[], skips: readonly number[]): readonly Setting[] {
  return scales.flatMap((guidanceScale) => skips.map((skip) => ({ guidanceScale, skip })));
}

/** All lines of the part. */
export async function editLines(context: Context): Promise<Line[]> {
  const { model, judge, pictures, count } = context;
  const { cases, images } = editCases(count);
  const latent = await model.encode(images); // [N,4,16,16]
  const texts = {
    text: await textsOf(
      model,
      cases.map(({ prompt }) => prompt),
    ),
    sourceText: await textsOf(
      model,
      cases.map(({ sourcePrompt }) => sourcePrompt),
    ),
  };
  const shared = { latent, seed: SEED, ...texts };
  const run = async (method: Measured["method"], setting: Setting, steps = STEPS): Promise<Measured> => {
    const began = Date.now();
    const options = { ...shared, steps, guidanceScale: setting.guidanceScale, skipSteps: Math.round(setting.skip * steps) };
    const started = {
      cycle: () => cycle.run(model, { ...options, keepCode: false }),
      sdedit: () => sdedit(model, options),
      ddib: () => ddib(model, options),
    };
    const { image } = await finished(started[method]());
    const all = await outcomes(model, judge, cases, images, image);
    const numbers = `success ${percent(mean(all.map(success)))}, structure ${mean(all.map((one) => one.structure)).toFixed(3)}`;
    console.error(
      `${method}, guidance ${setting.guidanceScale}, skip ${setting.skip}: ${numbers}, ${((Date.now() - began) / 1000).toFixed(0)} s`,
    );
    return { method, ...setting, all, edited: image };
  };
  const measured: Measured[] = [];
  for (const [method, settings] of [
    ["cycle", CYCLE],
    ["sdedit", SDEDIT],
    ["ddib", DDIB],
  ] as const)
    for (const setting of settings) measured.push(await run(method, setting));
  const compared = measured.find(
    ({ method, guidanceScale, skip }) => method === "cycle" && guidanceScale === DEFAULT.guidanceScale && skip === DEFAULT.skip,
  );
  const standard = await run("cycle", DEFAULT, EDIT_OPTIONS.steps.default);
  await sheet(join(pictures, "edits.png"), images, standard.edited, cases);
  return [
    ...(await reconstructions(model, latent, texts.sourceText)),
    ...successes(standard),
    ...atEqualSuccess(measured, "sdedit", { floor: 0, aim: 0.08 }),
    ...atEqualSuccess(measured, "ddib", { floor: -0.02, aim: 0 }),
    agreement(measured),
    bestOfSix(measured, compared as Measured),
    await commonCode(model, images, standard.edited, texts),
    ...(await controlledEdits({ model, judge, count })),
    ...(await editedPanoramas({ model, judge, pictures })),
  ];
}

/** The largest error of a reconstruction, over etas and source guidances. */
async function reconstructions(model: Model, latent: Tensor, sourceText: Tensor): Promise<Line[]> {
  const n = Math.min(64, latent.shape[0]);
  const texts = rows(sourceText, 0, n);
  const x0 = rows(latent, 0, n);
  let worst = 0;
  for (const [eta, guidanceScale] of [
    [0.01, 1],
    [0.1, 1],
    [0.1, 5],
    [0.5, 3],
    [1, 1],
    [1, 5],
  ]) {
    const options = {
      latent: x0,
      text: texts,
      sourceText: texts,
      steps: 20,
      eta,
      seed: SEED,
      guidanceScale,
      sourceGuidanceScale: guidanceScale,
    };
    const result = await finished(cycle.run(model, { ...options, keepCode: false }));
    worst = result.latent.data.reduce((most, x, k) => Math.max(most, Math.abs(x - x0.data[k])), worst);
  }
  return [
    line({
      what: `reconstruction of ${n} drawings, eta 0.01 to 1, source guidance 1 to 5: largest error of x0`,
      value: worst,
      bounds: { floor: 1e-4, aim: 2e-5, better: "lower" },
      show: (x) => x.toExponential(1),
    }),
  ];
}

function successes({ all }: Measured): Line[] {
  const what = `${all.length} edits of the time of day, guidance ${DEFAULT.guidanceScale}, no step skipped:`;
  const share = (name: string, of: (one: Outcome) => boolean, floor: number, aim: number) => {
    const hits = all.map((one) => Number(of(one)));
    const bounds = { floor, aim, better: "higher" } as const;
    return line({ what: `${what} ${name}`, value: mean(hits), interval: bootstrapInterval(hits, mean), bounds, show: percent });
  };
  return [
    share("time right", ({ time }) => time, 0.85, 0.95),
    share("terrain kept", ({ terrain }) => terrain, 0.95, 0.98),
    line({ what: `${what} structure kept`, value: mean(all.map(({ structure }) => structure)) }),
  ];
}

/** Cosine of the codes of a picture and its edit, less that of unrelated pictures. Each is encoded with noise of its own. */
async function commonCode(
  model: Model,
  images: Tensor,
  edited: Tensor,
  texts: { readonly text: Tensor; readonly sourceText: Tensor },
): Promise<Line> {
  const n = Math.min(60, images.shape[0]);
  const code = async (pictures: Tensor, text: Tensor, seed: number) => {
    const options = { image: rows(pictures, 0, n), text: rows(text, 0, n), steps: 20, eta: 1, seed, guidanceScale: 1 };
    const { code: found } = await finished(dpmEncode(model, options));
    const all = found ? [found.start, ...found.noise] : [];
    return (k: number) => all.flatMap((z) => [...rows(z, k, k + 1).data]);
  };
  const a = await code(images, texts.sourceText, 1);
  const b = await code({ data: edited.data.map((x) => 2 * x - 1), shape: edited.shape }, texts.text, 2);
  const differences = Array.from({ length: n }, (_, k) => cosine(a(k), b(k)) - cosine(a(k), b((k + 7) % n)));
  return line({
    what: `cosine of the codes of ${n} pictures and their edits, less that of unrelated ones (eta 1)`,
    value: mean(differences),
    interval: bootstrapInterval(differences, mean),
    bounds: { floor: 0, aim: 0, better: "higher" },
  });
}

/** Twelve pairs by a fixed rule: two of each terrain, with other times of day. */
async function sheet(file: string, images: Tensor, edited: Tensor, cases: readonly EditCase[]): Promise<void> {
  const every = Math.max(1, Math.floor(cases.length / 12));
  const chosen = Array.from({ length: Math.min(12, cases.length) }, (_, k) => k * every + ((3 * k) % every));
  const pick = (x: Tensor) => chosen.map((k) => rows(x, k, k + 1).data);
  const joined = (parts: readonly Float32Array[]): Tensor => ({
    data: Float32Array.from(parts.flatMap((part) => [...part])),
    shape: [parts.length, ...images.shape.slice(1)],
  });
  const signed = { data: edited.data.map((x) => 2 * x - 1), shape: edited.shape };
  await writeFile(file, await encodePng(sideBySide([joined(pick(images)), joined(pick(signed))])));
  await writeFile(file.replace(/png$/, "txt"), `${chosen.map((k) => `${cases[k].sourcePrompt} -> ${cases[k].prompt}`).join("\n")}\n`);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, k) => sum + value * y[k], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
