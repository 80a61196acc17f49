/** @file Options and series of methods that follow the source's path. */
import type { Tensor } from "../../core/tensor.js";
import type { Series } from "../method.js";
import { givenOption, realOption, textOption } from "../option-table.js";

/** The source's prompt and its guidance. */
export const SOURCE_OPTIONS = {
  sourcePrompt: textOption({
    means: `what the picture shows now; required unless sourceText replaces it; "" says nothing`,
    flag: "--source",
  }),
  sourceText: givenOption<Tensor>({
    means: "embeddings [2,tokens,dim] of negative prompt and source prompt, or [N,2,tokens,dim]; replaces sourcePrompt",
    want: "a tensor",
  }),
  sourceGuidanceScale: realOption({
    means: "guidance towards the source prompt while the picture is encoded",
    default: 1,
    flag: "--source-guidance",
  }),
} as const;

/** How much of each step's noise is fresh. */
export const etaOption = realOption({ means: "how stochastic the sampler is, above 0, at most 1; 1 is DDPM", least: 0, default: 0.1 });

const DISTANCE = {
  name: "distance",
  per: "step",
  title: "Distance of the two paths",
  unit: "root mean square of the latents' difference",
} as const;
const NOISE = { name: "noiseStd", per: "step", title: "Recorded noise", unit: "standard deviation of z" } as const;

/** The numbers of a method that follows the source. */
export const SOURCE_SERIES: readonly Series[] = [DISTANCE];
/** The numbers of a method that also records noise. */
export const CYCLE_SERIES: readonly Series[] = [DISTANCE, NOISE];
/** The numbers of a method that only records noise. */
export const ENCODE_SERIES: readonly Series[] = [NOISE];
