/** @file The action of `veduta models show`. */
import { bytesInWords } from "../core/words.js";
import type { Prediction } from "../diffusion/notation.js";
import { describeModel, type ModelFacts } from "../pipelines/describe-model.js";
import type { HubDeps } from "./models-hub-action.js";

/** The flags of `veduta models show`. */
export interface ShowFlags {
  readonly prediction?: Prediction;
  readonly json?: true;
}

/** Prints what a checkpoint is. @throws CheckpointError for one that does not open, naming its kind */
export function show(name: string, { prediction, json }: ShowFlags, { stdout }: HubDeps): void {
  const facts = describeModel(name, prediction);
  if (json) return void stdout.write(`${JSON.stringify({ name, ...facts }, undefined, 2)}\n`);
  stdout.write(
    `${name}\n${lines(facts)
      .map((line) => `  ${line}\n`)
      .join("")}`,
  );
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

const inMillions = (count: number): string => (count < 1e6 ? String(count) : `${(count / 1e6).toFixed(1)} M`);
