/** @file Tensors of a run's options that lie in files of its folder, NAME.safetensors, with NAME.png to look at. run.json names the file and its numbers' sha256. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CONDITIONS } from "../conditions/control-words.js";
import { GIVEN } from "../conditions/given-picture.js";
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

const sha256 = ({ data }: Tensor): string =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");

/** How run.json names a tensor. @param name of its files, without extension */
export const keptTensor = (name: string, tensor: Tensor): KeptTensor => ({
  file: `${name}.safetensors`,
  shape: tensor.shape,
  sha256: sha256(tensor),
});

/** Writes both files. @param picture of the tensor, [1,3,H,W] in [0,1] */
export async function writeKept(dir: string, name: string, tensor: Tensor, picture: Tensor): Promise<void> {
  await mkdir(dirname(join(dir, name)), { recursive: true });
  writeSafetensors(join(dir, `${name}.safetensors`), { image: tensor });
  await writeWhole(join(dir, `${name}.png`), await encodePng(picture));
}

/** Whether a value of run.json names a tensor's file. */
export const isKept = (value: object): value is KeptTensor => "file" in value && "sha256" in value && "shape" in value;

/** The files that a run.json may name. */
const NAMES = new RegExp(`^(${CONDITIONS}/\\d+|${GIVEN}/\\w+)\\.safetensors$`);

/** Reads a tensor back. @param what it is in run.json, for errors @throws CheckpointError for a missing file, or one with other numbers */
export function readKept(dir: string, what: string, { file, shape, sha256: digest }: KeptTensor): Tensor {
  const place = join(dir, String(file));
  if (!NAMES.test(String(file)))
    throw new CheckpointError(join(dir, "run.json"), {
      expected: `${what}: ${CONDITIONS}/1.safetensors or another number, or a file of ${GIVEN}`,
      found: JSON.stringify(file),
    });
  const { image } = readSafetensors(place);
  if (!image || JSON.stringify(image.shape) !== JSON.stringify(shape) || sha256(image) !== digest)
    throw new CheckpointError(place, {
      expected: `the numbers of ${what}, sha256 ${digest}`,
      found: image ? "other numbers" : "no tensor image",
    });
  return image;
}
