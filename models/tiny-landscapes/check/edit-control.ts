/** @file What attention control does to edits of the time of day: structure kept, and success. */
import { createRng, randn } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { type CycleOptions, cycle } from "../../../kernel-lib/methods/edit/cyclediffusion.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { type EditCase, editCases, finished, type Outcome, outcomes, success } from "./edit-cases.js";
import type { Judge } from "./judge.js";
import { bootstrapInterval, mean } from "./statistics.js";
import { type Line, line } from "./table.js";

/** Options of control; empty for the plain edit. */
export type ControlSetting = Pick<CycleOptions, "control" | "crossSteps" | "selfSteps" | "weights">;

const SEED = 41;
const STEPS = 25;
const GUIDANCE = 4;

interface Context {
  readonly model: Model;
  readonly judge: Judge;
  readonly count: number;
}

/** Cases at most: this many have prompts of equally many tokens. */
const MOST = 72;

/** Replace-control with the method's defaults, and of cross-attention alone, against the plain edit with the same noise. */
export async function controlledEdits({ count, ...context }: Context): Promise<Line[]> {
  const settings = [{}, { control: "replace" }, { control: "replace", selfSteps: 0 }] as const;
  const [plain, standard, cross] = await editsUnder({ ...context, count: Math.min(MOST, count) }, settings);
  const what = `${plain.length} edits at guidance ${GUIDANCE}, attention control "replace"`;
  return [...differences(what, standard, plain), ...differences(`${what} of cross-attention alone`, cross, plain)];
}

/** Structure and success under control, less the plain edit's. The structure's floor is an interval above 0. */
function differences(what: string, controlled: readonly Outcome[], plain: readonly Outcome[]): Line[] {
  const kept = controlled.map(({ structure }, k) => structure - plain[k].structure);
  const won = controlled.map((one, k) => success(one) - success(plain[k]));
  const interval = bootstrapInterval(kept, mean);
  const bounds = { floor: 0, aim: 0.05, better: "higher" } as const;
  const structureLine = line({ what: `${what} less none: structure`, value: mean(kept), interval, bounds });
  return [
    { ...structureLine, reached: interval[0] > 0 ? structureLine.reached : "missed" },
    line({
      what: `${what} less none: success`,
      value: mean(won),
      interval: bootstrapInterval(won, mean),
      bounds: { floor: -0.03, aim: 0, better: "higher" },
      show: (x) => `${(100 * x).toFixed(1)} points`,
    }),
  ];
}

/** The outcomes of the same cases with the same noise under each setting. */
export async function editsUnder({ model, judge, count }: Context, settings: readonly ControlSetting[]): Promise<readonly Outcome[][]> {
  const { cases, images } = await casesOfEqualTokens(model, count);
  const latent = await model.encode(images); // [N,4,16,16]
  const found: Outcome[][] = [];
  for (const setting of settings) {
    const edited: Tensor[] = [];
    for (const [k, { sourcePrompt, prompt }] of cases.entries()) {
      const one = rows(latent, k, k + 1);
      const noise = randn(createRng(SEED + k), [STEPS, ...one.shape]); // of case k under every setting
      const options = { latent: one, noise, sourcePrompt, prompt, steps: STEPS, guidanceScale: GUIDANCE, keepCode: false };
      edited.push((await finished(cycle.run(model, { ...options, ...setting }))).image);
    }
    found.push(await outcomes(model, judge, cases, images, stack(edited)));
  }
  return found;
}

/** Cases whose two prompts have equally many tokens, which "replace" needs: `count` of them, evenly spread. */
async function casesOfEqualTokens(model: Model, count: number): Promise<{ readonly cases: readonly EditCase[]; readonly images: Tensor }> {
  const all = editCases(Number.POSITIVE_INFINITY);
  const [, end] = (await model.tokenize("")).ids;
  const tokens = async (prompt: string) => (await model.tokenize(prompt)).ids.indexOf(end, 1);
  const fitting: number[] = [];
  for (const [k, { sourcePrompt, prompt }] of all.cases.entries())
    if ((await tokens(sourcePrompt)) === (await tokens(prompt))) fitting.push(k);
  const n = Math.min(count, fitting.length);
  const chosen = Array.from({ length: n }, (_, k) => fitting[Math.floor((k * fitting.length) / n)]);
  return { cases: chosen.map((k) => all.cases[k]), images: stack(chosen.map((k) => rows(all.images, k, k + 1))) };
}
