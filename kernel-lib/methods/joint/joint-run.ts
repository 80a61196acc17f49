/** @file What all joint methods share: the work before the first step and after the last, and the step records. */
import { NumericError } from "../../core/errors.js";
import { createRng, randn } from "../../core/random.js";
import { rows, type Tensor } from "../../core/tensor.js";
import { unitImage } from "../../core/unit-image.js";
import type { DdimStep } from "../../diffusion/ddim.js";
import type { CallKind, JointModel } from "../../diffusion/joint-model.js";
import { createSchedule, type Hop } from "../../diffusion/schedule.js";
import type { Batch, ResumeState } from "../method.js";
import { expectResumable } from "../resumable.js";
import { expectFinite } from "./finite.js";
import { fuse } from "./fuse.js";
import { type NetworkCalls, networkCalls, type PerceptualGradient } from "./network-calls.js";
import type { ResolvedOptions } from "./options.js";
import type { JointResult, StepRecord } from "./step-record.js";

/** A gradient descent of the windows, for the step record. */
export interface Descent extends PerceptualGradient {
  readonly weight: number;
}

/** Numbers that a method adds to a step record. */
export interface OwnNumbers {
  /** index of the anchor's window; default −1: none */
  readonly anchor?: number;
  readonly descent?: Descent;
  /** numbers of the step, by series name */
  readonly step?: Readonly<Record<string, number>>;
  /** numbers of each window, [windows], by series name */
  readonly windows?: Readonly<Record<string, readonly number[]>>;
}

/** What an algorithm works with: the starting noise, the steps, the network calls, and the way to record a step. */
export interface Running extends NetworkCalls {
  /** the starting noise, or what a run goes on from, [1,c,H,W] */
  readonly start: Tensor;
  /** the steps that are left */
  readonly hops: readonly Hop[];
  /** Makes the record of a step. @throws NumericError if a window's latent is not finite */
  record(hop: Hop, latent: Tensor, windows: DdimStep, own?: OwnNumbers): StepRecord;
  /** Decodes the panorama; convolutions wrap if it is closed. */
  finish(latent: Tensor): Promise<JointResult>;
}

/** Checks that the run fits into memory, embeds the prompts and draws the starting noise. Network calls go in batches, and `signal` stops them. */
export async function begin(
  model: JointModel,
  options: ResolvedOptions,
  {
    needs,
    batch,
    signal,
    resume,
  }: { readonly needs: readonly CallKind[]; readonly batch: Batch; readonly signal?: AbortSignal; readonly resume?: ResumeState },
): Promise<Running> {
  const { windows, height, width, steps, loop } = options;
  const { latentChannels, scaleFactor, schedule } = model.config;
  signal?.throwIfAborted();
  const edge = loop ? "wrap" : "open";
  const panorama = { height: height / scaleFactor, width: width / scaleFactor };
  model.expectFits?.({ calls: needs, window: windows[0], panorama, edge, batch: options.batch === undefined ? {} : batch });
  const notices = await truncations(model, options);
  const embedded = options.text ?? (await model.encodeText([options.negativePrompt ?? "", options.prompt ?? ""])); // [2,tokens,dim]
  const text = (await model.send?.(embedded)) ?? embedded;
  const shape = [1, latentChannels, panorama.height, panorama.width];
  if (resume) expectResumable(resume, shape, steps);
  const start = resume?.latent ?? options.latent ?? randn(createRng(options.seed ?? 0), shape);
  const hops = createSchedule(schedule)
    .path(steps)
    .slice(resume ? resume.index + 1 : 0);
  const toImage = async (latent: Tensor) => unitImage(await model.decode(latent, { edge }));

  const record: Running["record"] = (hop, latent, { x0, prev }, { anchor = -1, descent, step, windows: own = {} } = {}) => {
    expectFinite("latent", prev, hop, { windows });
    const foreseen = fuse(x0, windows, shape); // [1,c,H,W]
    const descended = (k: number) => descent && { loss: descent.loss.data[k], gradientNorm: norm(rows(descent.gradient, k, k + 1)) };
    const numbers = (k: number) => Object.fromEntries(Object.entries(own).map(([name, values]) => [name, values[k]]));
    return {
      index: hop.index,
      timestep: hop.now.t,
      latent,
      foreseen,
      weight: descent?.weight ?? 0,
      anchor,
      ...(step && { series: step }),
      windows: windows.map((window, k) => ({ ...window, ...descended(k), ...numbers(k) })),
      ...(hop.index === 0 && notices.length > 0 ? { notices } : {}),
      preview: () => toImage(foreseen),
    };
  };
  const finish = async (latent: Tensor): Promise<JointResult> => {
    signal?.throwIfAborted();
    const panorama = await toImage(latent);
    if (panorama.data.some(Number.isNaN)) throw new NumericError("NaN in the decoded panorama; the records of all steps stay usable");
    return { latent, panorama, notices };
  };
  return { ...networkCalls(model, options, { text, batch, signal }), start, hops, record, finish };
}

/** A notice for each prompt that is longer than the text encoder's context. */
async function truncations(model: JointModel, { text, prompt, negativePrompt }: ResolvedOptions): Promise<readonly string[]> {
  if (text) return [];
  const notices: string[] = [];
  for (const [name, words] of [["prompt", prompt] as const, ["negativePrompt", negativePrompt] as const]) {
    const { ids, truncated } = await model.tokenize(words ?? "");
    if (truncated) notices.push(`${name}: longer than the model's ${ids.length} tokens; the rest was cut off`);
  }
  return notices;
}

const norm = ({ data }: Tensor): number => Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
