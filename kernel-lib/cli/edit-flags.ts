/** @file The flags of `veduta edit`, and the picture that it edits. */
import type { Tensor } from "../core/tensor.js";
import type { RunFlags } from "./run-command.js";

/** How `veduta edit --grid` ranks: the choices of --score. */
export const SCORES = ["directional", "prompt", "structure"] as const;

/** The command's flags. */
export interface EditFlags extends RunFlags {
  readonly sourcePrompt?: string;
  readonly loop?: boolean;
  readonly fit?: true;
  readonly grid?: true;
  readonly scales: readonly number[];
  readonly skips?: readonly number[];
  readonly trials: number;
  readonly score: (typeof SCORES)[number];
}

/** The picture as the model takes it. */
export interface SourcePicture {
  /** [1,3,H,W] in [0,1] */
  readonly image: Tensor;
  /** [1,c,h,w] */
  readonly latent: Tensor;
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
}
