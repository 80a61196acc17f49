/** @file What a run's folder keeps of a step record. */
import { placeOf } from "../methods/any-run.js";
import type { EditStep } from "../methods/edit/edit-step.js";
import type { StepRecord } from "../methods/joint/step-record.js";
import type { PyramidStep } from "../methods/pyramid/pyramid-step.js";
import type { StepNumbers } from "./run-data.js";

/** The part of a step record that the folder keeps; a run can be resumed where it has its latent. */
export type RunStep = Pick<StepRecord, "index" | "timestep" | "weight" | "anchor" | "series" | "windows" | "preview"> &
  Partial<Pick<StepRecord, "latent" | "control">>;
/** The part of an edit's step record that the folder keeps. */
export type EditRunStep = Pick<EditStep, "index" | "timestep" | "series" | "pictures" | "preview" | "sourcePreview"> &
  Partial<Pick<EditStep, "latent" | "source">>;

/** The part of a step record over a pyramid that the folder keeps. */
export type PyramidRunStep = Pick<PyramidStep, "index" | "place" | "stage" | "timestep" | "series" | "preview"> &
  Partial<Pick<PyramidStep, "latent">>;

/** A step of any method, as a folder keeps it. */
export type AnyRunStep = RunStep | EditRunStep | PyramidRunStep;

/** The numbers of a step; only a panorama has windows. */
export function numbersOf(record: AnyRunStep): StepNumbers {
  const { timestep, series } = record;
  const index = placeOf(record);
  if ("stage" in record) return { index, stage: record.stage, timestep, weight: 0, anchor: -1, series, windows: [] };
  if ("windows" in record) {
    const { weight, anchor, windows, control } = record;
    return { index, timestep, weight, anchor, series, windows, ...(control && { control }) };
  }
  return { index, timestep, weight: 0, anchor: -1, series, windows: [], pictures: record.pictures };
}
