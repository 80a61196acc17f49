/** @file Every training by its name. A new one is one line. */
import { autoencoderTraining } from "../tiny-landscapes/train/autoencoder.js";
import { classifierTraining } from "../tiny-landscapes/train/classifier.js";
import { judgeArchitecture, perceptualArchitecture } from "../tiny-landscapes/train/configs.js";
import { diffusionTraining } from "../tiny-landscapes/train/diffusion.js";
import { SEEDS } from "../tiny-landscapes/train/drawings.js";
import { dualTraining } from "../tiny-landscapes/train/dual.js";
import { saveJudge, savePerceptual, saveWith } from "../tiny-landscapes/train/folder.js";
import { skylineTraining } from "../tiny-landscapes/train/skyline.js";
import { codesTraining } from "../tiny-scenes/train/codes.js";
import { finderTraining } from "../tiny-scenes/train/finder.js";
import { oneScaleTraining } from "../tiny-scenes/train/one-scale.js";
import { scenesTraining } from "../tiny-scenes/train/scenes.js";
import { timeTraining } from "../tiny-times/train/time-training.js";
import type { TrainingTable } from "./training.js";

/** The module that lanes import. */
export const TABLE = import.meta.url;

export const TRAININGS: TrainingTable = {
  perceptual: () =>
    classifierTraining({
      name: "perceptual",
      config: perceptualArchitecture(),
      seed: 1,
      drawings: SEEDS.perceptual,
      save: saveWith("perceptual", savePerceptual),
    }),
  judge: () =>
    classifierTraining({
      name: "judge",
      config: judgeArchitecture(),
      seed: 2,
      drawings: SEEDS.judge,
      save: saveWith("judge", saveJudge),
    }),
  dual: dualTraining,
  autoencoder: autoencoderTraining,
  diffusion: diffusionTraining,
  skyline: skylineTraining,
  noon: timeTraining("noon"),
  night: timeTraining("night"),
  "scenes-codes": codesTraining,
  "scenes-finder": finderTraining,
  scenes: scenesTraining,
  "scenes-one": oneScaleTraining,
};
