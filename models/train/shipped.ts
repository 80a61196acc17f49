/** @file What the repository has of each part that is done: the model that ships, which makes a copy in models/training needless. */
import { join } from "node:path";
import { FOLDER, RECORD } from "../tiny-landscapes/train/folder.js";
import { FINDER_FOLDER } from "../tiny-scenes/train/folder.js";
import { MODEL_TIMES, shippedOf } from "../tiny-times/train/folder.js";
import type { ShippedRecord } from "./state.js";

const landscapes = (name: string): ShippedRecord => ({ file: join(FOLDER, RECORD), name });

/** Of the queue's entries; a branch is recorded under the name of its training. */
export const SHIPPED_RECORDS: Readonly<Record<string, ShippedRecord>> = {
  perceptual: landscapes("perceptual"),
  judge: landscapes("judge"),
  "autoencoder-final": landscapes("autoencoder"),
  "diffusion-1": landscapes("diffusion"),
  "dual-1": landscapes("dual"),
  ...Object.fromEntries(MODEL_TIMES.map((name) => [name, { file: join(shippedOf(name), RECORD), name }])),
  "scenes-finder": { file: join(FINDER_FOLDER, RECORD), name: "scenes-finder" },
};
