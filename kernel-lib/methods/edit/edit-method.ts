/** @file Makes a method that edits pictures from its algorithm and its own options. The rest is shared. */
import type { Tensor } from "../../core/tensor.js";
import type { CallKind, JointModelConfig } from "../../diffusion/joint-model.js";
import type { Method, Series } from "../method.js";
import { type DefaultedOf, type OptionTable, takeOptions, type ValuesOf } from "../option-table.js";
import type { EditModel } from "./edit-model.js";
import { type EditPath, editPath } from "./edit-path.js";
import { type BeginOptions, beginEdit, type Editing } from "./edit-run.js";
import type { EditResult, EditRun, EditSteps } from "./edit-step.js";
import { EDIT_OPTIONS, type EditOptions, expectText, type ResolvedEditOptions, resolveEditOptions } from "./options.js";
import { type Predict, rowsPerCall, textPredictor } from "./text-predictor.js";

/** What an edit by prompts works with besides. */
export interface PromptEditing extends Editing, EditPath {
  /** [2,tokens,dim]: negative prompt, then prompt */
  readonly text: Tensor;
  /** the same for the source's prompt; the prompt's where the method has none */
  readonly sourceText: Tensor;
  readonly predict: Predict;
  readonly tokenize: EditModel["tokenize"];
}

/** What distinguishes one edit from another. */
export interface EditMethodSpec<Own extends OptionTable, Resolved extends object, Result extends EditResult> {
  readonly name: string;
  readonly title: string;
  /** the function's name in errors */
  readonly who: string;
  readonly summary: string;
  readonly source: string;
  readonly options: Own;
  readonly series: readonly Series[];
  /** Fills in and checks the method's own options; default: those of the table. @throws RangeError, ShapeError, TypeError */
  readonly resolve?: (own: DefaultedOf<Own>, shared: ResolvedEditOptions, config: JointModelConfig) => Resolved;
  /** how many of the first steps it leaves out; default 0 */
  readonly skip?: (options: ResolvedEditOptions & Resolved) => number;
  /** whether a run can go on from a state; "no" for one whose result needs every step; default "yes" */
  readonly resumable?: "yes" | "no";
  /** network steps for each hop; default 1 */
  readonly stepsPerHop?: number;
  /** the algorithm */
  readonly steps: (run: PromptEditing, options: ResolvedEditOptions & Resolved) => EditSteps<Result>;
}

/** A method that edits: its row of the table, and the function that runs it. */
export type PromptEditMethod<Own extends OptionTable, Resolved, Result extends EditResult = EditResult> = Method<
  EditOptions & ValuesOf<Own>,
  EditRun<ResolvedEditOptions & Resolved, Result>,
  EditModel
>;

/** The prompts of a source, where a method has them. */
interface SourceTexts {
  readonly sourcePrompt?: string;
  readonly sourceText?: Tensor;
  /** attention control, where the method has it: a group of up to four rows goes into one call */
  readonly control?: unknown;
}

const NEEDS: readonly CallKind[] = ["noise"];

/** Makes a method that edits pictures by prompts. */
export function editMethod<Own extends OptionTable, Resolved extends object = DefaultedOf<Own>, Result extends EditResult = EditResult>(
  spec: EditMethodSpec<Own, Resolved, Result>,
): PromptEditMethod<Own, Resolved, Result> {
  const {
    name,
    title,
    who,
    summary,
    source,
    options: own,
    series,
    resolve,
    skip = () => 0,
    resumable = "yes",
    stepsPerHop = 1,
    steps,
  } = spec;
  const method: PromptEditMethod<Own, Resolved, Result> = {
    ...{ name, title, summary, source, needs: NEEDS, series },
    family: "edit",
    options: own,
    sharedOptions: EDIT_OPTIONS,
    run(model, options) {
      const shared = resolveEditOptions(who, model.config, options);
      if ("sourcePrompt" in own) {
        const { sourcePrompt: prompt, sourceText: text } = options as SourceTexts;
        expectText(who, "sourcePrompt", { prompt, text, pictures: (options.image ?? options.latent)?.shape[0] ?? 1 });
      }
      const taken = takeOptions(own, { ...options });
      const resolved = { ...shared, ...(resolve ? resolve(taken, shared, model.config) : (taken as unknown as Resolved)) };
      const path = editPath(model.config.schedule, resolved.steps, skip(resolved));
      const batch = rowsPerCall(model, resolved);
      const stepCount = stepsPerHop * path.hops.length;
      const { signal, resume } = options;
      if (resume && resumable === "no") throw new RangeError(`${who}: got resume, want a run from its start; its result needs every step`);
      async function* running(): EditSteps<Result> {
        return yield* steps(await begin(model, resolved, { path, batch, signal, resume, stepCount }), resolved);
      }
      return Object.assign(running(), { method, options: resolved, batch: batch === undefined ? {} : { noise: batch }, stepCount });
    },
  };
  return method;
}

async function begin(
  model: EditModel,
  options: ResolvedEditOptions & SourceTexts,
  { path, batch, ...begun }: Omit<BeginOptions, "notices"> & { readonly path: EditPath; readonly batch: number | undefined },
): Promise<PromptEditing> {
  const { prompt, negativePrompt = "", sourcePrompt, sourceText, windows, width, height, loop, control } = options;
  const { scaleFactor } = model.config;
  const panorama = { height: height / scaleFactor, width: width / scaleFactor };
  const least = { noise: control === undefined ? 1 : 2 }; // of guided latents, two rows each
  model.expectFits?.({ calls: NEEDS, window: windows?.[0] ?? panorama, panorama, edge: loop ? "wrap" : "open", batch: least });
  const embed = async (words: string) => model.encodeText([negativePrompt, words]); // [2,tokens,dim]
  const text = options.text ?? (await embed(prompt ?? ""));
  const notices = [...path.notices, ...(await truncations(model, { ...(options.text ? {} : { prompt, negativePrompt }), sourcePrompt }))];
  return {
    ...(await beginEdit(model, options, { notices, ...begun })),
    ...path,
    text,
    sourceText: sourceText ?? (sourcePrompt === undefined ? text : await embed(sourcePrompt)),
    tokenize: (words) => model.tokenize(words),
    predict: textPredictor(model, options, { batch, signal: begun.signal }),
  };
}

/** A notice for each prompt that is longer than the text encoder's context. */
async function truncations(model: EditModel, prompts: Readonly<Record<string, string | undefined>>): Promise<readonly string[]> {
  const notices: string[] = [];
  for (const [name, words] of Object.entries(prompts)) {
    if (words === undefined) continue;
    const { ids, truncated } = await model.tokenize(words);
    if (truncated) notices.push(`${name}: longer than the model's ${ids.length} tokens; the rest was cut off`);
  }
  return notices;
}
