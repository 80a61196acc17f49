/** @file The state of a run that is under way, in its folder: what it goes on from after a kill. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import type { ResumeState } from "../methods/method.js";
import { openSafetensors, readSafetensors, writeSafetensors } from "../weights/safetensors.js";

const fileOf = (dir: string): string => join(dir, "state.safetensors");

/** Writes the state after a step, in place of the one before. The file is whole at every moment. */
export function writeState(dir: string, { index, latent, source }: ResumeState): void {
  writeSafetensors(fileOf(dir), source ? { latent, source } : { latent }, { metadata: { index: String(index) } });
}

/** The state of a run's folder; undefined if no step was finished. @throws CheckpointError for a file that is no state */
export function readState(dir: string): ResumeState | undefined {
  const file = fileOf(dir);
  if (!existsSync(file)) return undefined;
  const index = Number(openSafetensors(file).metadata.index);
  const { latent, source } = readSafetensors(file);
  if (!Number.isInteger(index) || latent === undefined)
    throw new CheckpointError(file, { expected: "the state of a run", found: "a file without its index or latent" });
  return { index, latent, ...(source && { source }) };
}

/** Removes the state of a run that is complete. */
export const removeState = (dir: string): void => rmSync(fileOf(dir), { force: true });
