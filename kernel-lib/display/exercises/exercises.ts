/** @file The exercises of all lessons by their names. A new one is a value in its lesson's file and a line here. */
import { fallOfDistance, greyPanorama, windowsPerColumn } from "./01-a-first-panorama.js";
import { cleanFromV, latentsSeen, sigmaOfLevel } from "./02-diffusion-one-step-at-a-time.js";
import { weightedFuse, windowsOfStrip, windowsOverColumn } from "./03-windows-and-multidiffusion.js";
import { clampedPixel, looksPerStep, weightOfStep } from "./04-syncdiffusion-by-hand.js";
import { fasterBySyncSteps, stepOfHalf, stepsOfSyncEvery } from "./05-weight-decay-and-sync-steps.js";
import { averagedJump, lastColumn, windowsOfRing } from "./06-closing-the-circle.js";
import { centralRuns, softplusRule, summedIntoBias } from "./07-gradients-without-python.js";
import { distanceAfter, looksMore, towardsMean } from "./08-your-own-method.js";
import { gradientsTaken, timesMoreNumbers, windowsOfLonger } from "./09-the-real-stable-diffusion.js";
import { noiseOfStep, noisesOfCode, rowsOfEdit } from "./10-what-the-noise-remembers.js";
import { callsOfLangevin, pullByHand, stepsToHalf } from "./11-steering-with-an-energy.js";
import { gapDescend, gapForesee } from "./12-gaps-of-descending.js";
import { gapAdd, gapAverage, gapCount } from "./12-gaps-of-fusing.js";
import { fewerPassesOfSpot, overlapsOfRing, varianceOfAverage } from "./13-relatives.js";
import { flippedSigns, pairsOfCrops, panoramasForThird } from "./14-measuring-a-panorama.js";
import { cropOfWindow, shareOfGuess, stepsOfInterval } from "./15-draw-the-skyline.js";

/** Every exercise; `check` takes its name. */
export const EXERCISES = {
  "1.1": windowsPerColumn,
  "1.2": fallOfDistance,
  "1.3": greyPanorama,
  "2.1": sigmaOfLevel,
  "2.2": latentsSeen,
  "2.3": cleanFromV,
  "3.1": windowsOfStrip,
  "3.2": windowsOverColumn,
  "3.3": weightedFuse,
  "4.1": weightOfStep,
  "4.2": looksPerStep,
  "4.3": clampedPixel,
  "5.1": stepOfHalf,
  "5.2": stepsOfSyncEvery,
  "5.3": fasterBySyncSteps,
  "6.1": windowsOfRing,
  "6.2": lastColumn,
  "6.3": averagedJump,
  "7.1": centralRuns,
  "7.2": summedIntoBias,
  "7.3": softplusRule,
  "8.1": looksMore,
  "8.2": distanceAfter,
  "8.3": towardsMean,
  "9.1": windowsOfLonger,
  "9.2": timesMoreNumbers,
  "9.3": gradientsTaken,
  "10.1": noisesOfCode,
  "10.2": noiseOfStep,
  "10.3": rowsOfEdit,
  "11.1": stepsToHalf,
  "11.2": pullByHand,
  "11.3": callsOfLangevin,
  "12.1": gapAdd,
  "12.2": gapCount,
  "12.3": gapAverage,
  "12.4": gapForesee,
  "12.5": gapDescend,
  "13.1": fewerPassesOfSpot,
  "13.2": varianceOfAverage,
  "13.3": overlapsOfRing,
  "14.1": pairsOfCrops,
  "14.2": panoramasForThird,
  "14.3": flippedSigns,
  "15.1": cropOfWindow,
  "15.2": shareOfGuess,
  "15.3": stepsOfInterval,
} as const;
