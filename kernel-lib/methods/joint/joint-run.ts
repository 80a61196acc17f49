/** @file What every joint method does before its first step and after its last, and how it reports a step. */
import { NumericError } from "../../core/errors.js";
import { createRng, randn } from "../../core/random.js";
import { rows, type Tensor } from "../../core/tensor.js";
import { unitImage } from "../../core/unit-image.js";
import type { DdimStep } from "../../diffusion/ddim.js";
import type { JointModel, MemoryNeed } from "../../diffusion/joint-model.js";
import { createSchedule, type Hop } from "../../diffusion/schedule.js";
import { expectFinite } from "./finite.js";
import { fuse } from "./fuse.js";
import { type NetworkCalls, networkCalls, type Pull } from "./network-calls.js";
import type { ResolvedOptions } from "./options.js";
import type { JointResult, JointRun, JointSteps, StepRecord } from "./step-record.js";

/** The steps of a method together with the options they run with. */
export const jointRun = <Options extends ResolvedOptions>(options: Options, steps: JointSteps): JointRun<Options> =>
  Object.assign(steps, { options });

/** A descent, as a record reports it. */
export interface Descent extends Pull {
  readonly weight: number;
}

export interface Running extends NetworkCalls {
  /** the starting noise, [1,c,H,W] */
  readonly start: Tensor;
  readonly hops: readonly Hop[];
  /** @throws NumericError where a window's latent is not finite */
  record(hop: Hop, latent: Tensor, windows: DdimStep, sync?: { readonly anchor: number; readonly descent?: Descent }): StepRecord;
  /** Decodes the panorama, around its edge where it closes. */
  finish(latent: Tensor): Promise<JointResult>;
}

/** Checks that the run fits into memory, embeds the prompts, draws the starting noise, and has the networks called in batches that `signal` can stop. */
export async function begin(
  model: JointModel,
  options: ResolvedOptions,
  calls: MemoryNeed["calls"],
  signal?: AbortSignal,
): Promise<Running> {
  const { windows, height, width, steps, loop, batch } = options;
  const { latentChannels, scaleFactor, schedule } = model.config;
  signal?.throwIfAborted();
  const edge = loop ? "wrap" : "open";
  const panorama = { height: height / scaleFactor, width: width / scaleFactor };
  model.expectFits?.({ calls, window: windows[0], panorama, edge, batch: batch === undefined ? {} : { noise: batch, gradient: batch } });
  const notices = await truncations(model, options);
  const embedded = options.text ?? (await model.encodeText([options.negativePrompt ?? "", options.prompt ?? ""])); // [2,tokens,dim]
  const text = (await model.send?.(embedded)) ?? embedded;
  const shape = [1, latentChannels, height / scaleFactor, width / scaleFactor];
  const start = options.latent ?? randn(createRng(options.seed ?? 0), shape);
  const toImage = async (latent: Tensor) => unitImage(await model.decode(latent, { edge }));

  const record: Running["record"] = (hop, latent, { x0, prev }, { anchor, descent } = { anchor: -1 }) => {
    expectFinite("latent", prev, hop, { windows });
    const foreseen = fuse(x0, windows, shape); // [1,c,H,W]
    const pulls = (k: number) => descent && { loss: descent.loss.data[k], gradientNorm: norm(rows(descent.gradient, k, k + 1)) };
    return {
      index: hop.index,
      timestep: hop.now.t,
      latent,
      foreseen,
      weight: descent?.weight ?? 0,
      anchor,
      windows: windows.map((window, k) => ({ ...window, ...pulls(k) })),
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
  return { ...networkCalls(model, options, text, signal), start, hops: createSchedule(schedule).path(steps), record, finish };
}

/** A notice for each prompt that is longer than the text encoder's context. */
async function truncations(model: JointModel, { text, prompt, negativePrompt }: ResolvedOptions): Promise<readonly string[]> {
  if (text) return [];
  const notices: string[] = [];
  for (const [name, words] of [["prompt", prompt] as const, ["negativePrompt", negativePrompt] as const]) {
    const { ids, truncated } = await model.tokenize(words ?? "");
    if (truncated) notices.push(`${name}: longer than the model's ${ids.length} tokens; what came after them was not read`);
  }
  return notices;
}

const norm = ({ data }: Tensor): number => Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
