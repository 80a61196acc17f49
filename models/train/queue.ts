/** @file The order in which the bundled models are trained, with the minutes of two cores that each part is given. */
import type { RateShape } from "./train.js";

export interface QueueEntry {
  /** of the state; entries of one name go on with the same state */
  readonly name: string;
  /** of TRAININGS */
  readonly training: string;
  /** over all sittings of this name */
  readonly minutes: number;
  readonly rate: RateShape;
  /** the name whose state a branch begins with */
  readonly from?: string;
}

/** A part trains at a constant rate; a branch whose rate falls to 0 ends each version that is shipped. */
export const QUEUE: readonly QueueEntry[] = [
  { name: "perceptual", training: "perceptual", minutes: 6, rate: "falling" },
  { name: "judge", training: "judge", minutes: 8, rate: "falling" },
  { name: "autoencoder", training: "autoencoder", minutes: 150, rate: "constant" },
  { name: "autoencoder-final", training: "autoencoder", minutes: 30, rate: "falling", from: "autoencoder" },
  { name: "diffusion", training: "diffusion", minutes: 105, rate: "constant" },
  { name: "diffusion-1", training: "diffusion", minutes: 15, rate: "falling", from: "diffusion" },
  { name: "diffusion", training: "diffusion", minutes: 360, rate: "constant" },
  { name: "diffusion-2", training: "diffusion", minutes: 20, rate: "falling", from: "diffusion" },
];
