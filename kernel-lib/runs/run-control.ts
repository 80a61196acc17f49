/** @file The conditions of a run's ControlNets, in its folder: control/N.safetensors, the numbers themselves, and control/N.png to look at. */
import { asRgb, type ResolvedControl } from "../conditions/control.js";
import { CONDITIONS } from "../conditions/control-words.js";
import { keptTensor, writeKept } from "./kept-tensor.js";

/** The controls of a run's options; none in those of an edit, whose option of this name is another. */
export const controlOf = (options: object): readonly ResolvedControl[] =>
  "windows" in options && "control" in options ? ((options.control ?? []) as readonly ResolvedControl[]) : [];

const nameOf = (k: number): string => `${CONDITIONS}/${k + 1}`;

/** Options whose conditions are named by their files. */
export function withKeptControl(options: object): object {
  const control = controlOf(options);
  if (control.length === 0) return options;
  return { ...options, control: control.map((one, k) => ({ ...one, image: keptTensor(nameOf(k), one.image) })) };
}

/** Writes the conditions of a run. */
export async function writeControl(dir: string, control: readonly ResolvedControl[]): Promise<void> {
  for (const [k, { image }] of control.entries()) await writeKept(dir, nameOf(k), image, asRgb(image));
}
