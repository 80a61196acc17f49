/** @file The action of `veduta models show`. */
import { bytesInWords } from "../core/words.js";
import type { Prediction } from "../diffusion/notation.js";
import { describeModel, type ModelFacts } from "../pipelines/describe-model.js";
import { estimateStep, type StepEstimate } from "../pipelines/step-estimate.js";
import type { HubDeps } from "./models-hub-action.js";

/** The flags of `veduta models show`. */
export interface ShowFlags {
  readonly prediction?: Prediction;
  readonly json?: true;
}

/** Prints what a checkpoint is, and what a step will take here. @throws CheckpointError for one that does not open, naming its kind */
export async function show(name: string, { prediction, json }: ShowFlags, { stdout }: HubDeps): Promise<void> {
  const facts = describeModel(name, prediction);
  const estimate = await estimateStep(name, prediction);
  if (json) return void stdout.write(`${JSON.stringify({ name, ...facts, ...(estimate && { estimate }) }, undefined, 2)}\n`);
  stdout.write(`${name}\n${[...lines(facts), ...(estimate ? estimateLines(estimate) : [])].map((line) => `  ${line}\n`).join("")}`);
  if (facts.card !== undefined) stdout.write(`\n${facts.card}\n`);
}

function lines({ path, layout, kind, networks, prediction, schedule, sampler, window, licences }: ModelFacts): readonly string[] {
  return [
    `${kind}, ${layout}: ${path}`,
    ...networks.map(
      ({ name, parameters, bytes, formats }) =>
        `${name}: ${inMillions(parameters)} parameters, ${formats.join(" and ")}, ${bytesInWords(bytes)}`,
    ),
    ...(prediction === undefined ? [] : [`predicts ${prediction}; ${schedule}; sampler ${sampler}`]),
    ...(window === undefined ? [] : [`trained on ${window} × ${window} latent pixels`]),
    `licence ${licences.join(", ") || "not said"}`,
  ];
}

function estimateLines({ threads, rate, flops: { noise, gradient }, secondsPerWindow: [least, most] }: StepEstimate): readonly string[] {
  const work = gradient === undefined ? `noise ${giga(noise)}` : `noise ${giga(noise)}, gradient ${giga(gradient)}`;
  const step = gradient === undefined ? "a step" : "a synchronised step";
  return [
    `${step} of one window: ${work} GFLOP; matrix products on this CPU, ${threads} threads: ${giga(rate)} GFLOP/s`,
    `so about ${least.toPrecision(2)} to ${most.toPrecision(2)} s a window in each step`,
  ];
}

const giga = (count: number): string => String(Number((count / 1e9).toPrecision(3)));

const inMillions = (count: number): string => (count < 1e6 ? String(count) : `${(count / 1e6).toFixed(1)} M`);
