/**
 * @file The conditions of a run's ControlNets, in its folder: control/N.safetensors, the numbers themselves, and control/N.png to look at. run.json names
 * the file and its numbers' sha256.
 */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { asRgb, type ResolvedControl } from "../conditions/control.js";
import { CONDITIONS, conditionName } from "../conditions/control-words.js";
import { CheckpointError } from "../core/errors.js";
import { encodePng } from "../core/image.js";
import type { Shape, Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import { readSafetensors, writeSafetensors } from "../weights/safetensors.js";

/** A tensor that lies in a file of the run's folder. */
export interface KeptTensor {
  /** within the folder */
  readonly file: string;
  readonly shape: Shape;
  /** of its float32 numbers, little endian, in hex */
  readonly sha256: string;
}

/** The controls of a run's options; none in those of an edit, whose option of this name is another. */
export const controlOf = (options: object): readonly ResolvedControl[] =>
  "windows" in options && "control" in options ? ((options.control ?? []) as readonly ResolvedControl[]) : [];

const nameOf = (k: number): string => `${CONDITIONS}/${k + 1}.safetensors`;
const sha256 = ({ data }: Tensor): string =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");

/** Options whose conditions are named by their files. */
export function withKeptControl(options: object): object {
  const control = controlOf(options);
  if (control.length === 0) return options;
  const kept = (image: Tensor, k: number): KeptTensor => ({ file: nameOf(k), shape: image.shape, sha256: sha256(image) });
  return { ...options, control: control.map((one, k) => ({ ...one, image: kept(one.image, k) })) };
}

/** Writes the conditions of a run. */
export async function writeControl(dir: string, control: readonly ResolvedControl[]): Promise<void> {
  if (control.length === 0) return;
  await mkdir(join(dir, CONDITIONS), { recursive: true });
  for (const [k, { image }] of control.entries()) {
    writeSafetensors(join(dir, nameOf(k)), { image });
    await writeWhole(join(dir, conditionName(k)), await encodePng(asRgb(image)));
  }
}

/** Whether a value of run.json names a tensor's file. */
export const isKept = (value: object): value is KeptTensor => "file" in value && "sha256" in value && "shape" in value;

/** Reads a condition back. @param what it is in run.json, for errors @throws CheckpointError for a missing file, or one with other numbers */
export function readKept(dir: string, what: string, { file, shape, sha256: digest }: KeptTensor): Tensor {
  const place = join(dir, String(file));
  if (!new RegExp(`^${CONDITIONS}/\\d+\\.safetensors$`).test(String(file)))
    throw new CheckpointError(join(dir, "run.json"), { expected: `${what}: ${nameOf(0)} or another number`, found: JSON.stringify(file) });
  const { image } = readSafetensors(place);
  if (!image || JSON.stringify(image.shape) !== JSON.stringify(shape) || sha256(image) !== digest)
    throw new CheckpointError(place, {
      expected: `the condition of ${what}, sha256 ${digest}`,
      found: image ? "other numbers" : "no tensor image",
    });
  return image;
}
