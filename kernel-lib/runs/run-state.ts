/** @file The state of a run that is under way, in its folder: what it goes on from after a kill. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import type { ResumeState } from "../methods/method.js";
import { openSafetensors, readSafetensors, writeSafetensors } from "../weights/safetensors.js";

const fileOf = (dir: string): string => join(dir, "state.safetensors");

/** Writes the state after a step, in place of the one before. The file is whole at every moment. */
export function writeState(dir: string, { index, latent, source, history = [], state = {} }: ResumeState): void {
  const named = (prefix: string, tensors: object) =>
    Object.fromEntries(Object.entries(tensors).map(([name, x]) => [`${prefix}.${name}`, x]));
  const tensors = { latent, ...(source && { source }), ...named("history", history), ...named("state", state) };
  writeSafetensors(fileOf(dir), tensors, { metadata: { index: String(index) } });
}

/** What a step's record has beside its latent for the run to go on from. */
export function carriedBy(record: object): Pick<ResumeState, "source" | "history" | "state"> {
  const { source, history, state } = record as Partial<ResumeState>;
  return { ...(source && { source }), ...(history && { history }), ...(state && { state }) };
}

/** The state of a run's folder; undefined if no step was finished. @throws CheckpointError for a file that is no state */
export function readState(dir: string): ResumeState | undefined {
  const file = fileOf(dir);
  if (!existsSync(file)) return undefined;
  const index = Number(openSafetensors(file).metadata.index);
  const { latent, source, ...rest } = readSafetensors(file);
  if (!Number.isInteger(index) || latent === undefined)
    throw new CheckpointError(file, { expected: "the state of a run", found: "a file without its index or latent" });
  const named = (prefix: string) =>
    Object.entries(rest).flatMap(([name, x]) => (name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), x] as const] : []));
  const history = named("history")
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, x]) => x);
  const state = Object.fromEntries(named("state"));
  return {
    index,
    latent,
    ...(source && { source }),
    ...(history.length > 0 && { history }),
    ...(Object.keys(state).length > 0 && { state }),
  };
}

/** Removes the state of a run that is complete. */
export const removeState = (dir: string): void => rmSync(fileOf(dir), { force: true });
