/** @file The samplers by their names. A new one is a file and a line here. */
import { type DdimSamplerOptions, ddimSampler } from "./ddim.js";
import { type DdpmSamplerOptions, ddpmSampler } from "./ddpm.js";
import { type DpmppSamplerOptions, dpmppSampler } from "./dpmpp-2m.js";
import { type EulerSamplerOptions, eulerAncestralSampler, eulerSampler } from "./euler.js";
import { type LcmSamplerOptions, lcmSampler } from "./lcm.js";
import { pndmSampler } from "./pndm.js";
import type { Sampler } from "./sampler.js";
import { unipcSampler } from "./unipc.js";

export type { DdimSamplerOptions, DdpmSamplerOptions, DpmppSamplerOptions, EulerSamplerOptions, LcmSamplerOptions };

/** The options of each sampler, all with defaults. */
export interface OptionsOfSamplers {
  readonly ddim: DdimSamplerOptions;
  readonly ddpm: DdpmSamplerOptions;
  readonly euler: EulerSamplerOptions;
  readonly "euler-a": object;
  readonly "dpmpp-2m": DpmppSamplerOptions;
  readonly pndm: object;
  readonly lcm: LcmSamplerOptions;
  readonly unipc: object;
}

/** The name of a sampler. */
export type SamplerName = keyof OptionsOfSamplers;
/** A sampler by its name, with its options. */
export type SamplerChoice = { readonly [Name in SamplerName]: { readonly name: Name } & OptionsOfSamplers[Name] }[SamplerName];

/** Every sampler. */
export const SAMPLERS: { readonly [Name in SamplerName]: (options?: OptionsOfSamplers[Name]) => Sampler } = {
  ddim: ddimSampler,
  ddpm: ddpmSampler,
  euler: eulerSampler,
  "euler-a": eulerAncestralSampler,
  "dpmpp-2m": dpmppSampler,
  pndm: pndmSampler,
  lcm: lcmSampler,
  unipc: unipcSampler,
};

/** The names, for help and errors. */
export const SAMPLER_NAMES = Object.keys(SAMPLERS) as readonly SamplerName[];

/** The sampler of a choice. @throws RangeError for options out of range */
export const samplerOf = ({ name, ...options }: SamplerChoice): Sampler => (SAMPLERS[name] as (options: object) => Sampler)(options);
