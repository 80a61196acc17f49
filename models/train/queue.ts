/** @file The order in which the bundled models are trained, with the steps of each part. */
import type { RateShape } from "./train.js";

export interface QueueEntry {
  /** of the state; entries of one name go on with the same state */
  readonly name: string;
  /** of TRAININGS */
  readonly training: string;
  /** over all sittings of this name */
  readonly steps: number;
  readonly rate: RateShape;
  /** the name whose state a branch begins with */
  readonly from?: string;
}

/**
 * A part trains at a constant rate; a branch whose rate falls to 0 ends each version that is shipped. The dual encoder reads the candidate's text
 * encoder: it goes on with each one that a diffusion branch leaves. So does the skyline's ControlNet, which is trained beside a U-Net that stays as it is.
 */
export const QUEUE: readonly QueueEntry[] = [
  { name: "perceptual", training: "perceptual", steps: 720, rate: "falling" },
  { name: "judge", training: "judge", steps: 628, rate: "falling" },
  { name: "dual", training: "dual", steps: 480, rate: "falling" },
  { name: "autoencoder", training: "autoencoder", steps: 3_680, rate: "constant" },
  { name: "autoencoder-final", training: "autoencoder", steps: 2_000, rate: "falling", from: "autoencoder" },
  { name: "diffusion", training: "diffusion", steps: 4_700, rate: "constant" },
  { name: "diffusion-1", training: "diffusion", steps: 800, rate: "falling", from: "diffusion" },
  { name: "dual-1", training: "dual", steps: 160, rate: "falling", from: "dual" },
  { name: "noon", training: "noon", steps: 2_600, rate: "falling" },
  { name: "night", training: "night", steps: 2_600, rate: "falling" },
  { name: "scenes-finder", training: "scenes-finder", steps: 3_000, rate: "falling" },
  { name: "skyline", training: "skyline", steps: 4_500, rate: "falling" },
  { name: "scenes-codes", training: "scenes-codes", steps: 7_500, rate: "falling" },
  { name: "scenes", training: "scenes", steps: 4_600, rate: "falling" },
  { name: "scenes-one", training: "scenes-one", steps: 3_900, rate: "falling" },
  { name: "diffusion", training: "diffusion", steps: 40_000, rate: "constant" },
  { name: "diffusion-2", training: "diffusion", steps: 2_000, rate: "falling", from: "diffusion" },
  { name: "dual-2", training: "dual", steps: 160, rate: "falling", from: "dual" },
  { name: "skyline-2", training: "skyline", steps: 1_500, rate: "falling", from: "skyline" },
];
