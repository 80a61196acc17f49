/** @file A finished or interrupted run as plain data: what run.json and steps.json hold and what the report shows. */
import type { Series } from "../methods/method.js";
import type { Coverage } from "../panorama/coverage.js";

/** One window in one step; place and size in latent pixels. */
export interface WindowNumbers {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** distance of its foreseen image to the anchor's, before the descent; 0 for the anchor, absent where nothing was synchronised */
  readonly loss?: number;
  /** L2 norm of the loss's gradient, before the weight */
  readonly gradientNorm?: number;
  /** further numbers, which the run's series name */
  readonly [series: string]: number | undefined;
}

/** The numbers of one step record. */
export interface StepNumbers {
  readonly index: number;
  readonly timestep: number;
  /** the descent's weight in this step, 0 where nothing was synchronised */
  readonly weight: number;
  /** index into `windows`, -1 for a method without an anchor */
  readonly anchor: number;
  /** further numbers of the step, which the run's series name */
  readonly series?: Readonly<Record<string, number>>;
  readonly windows: readonly WindowNumbers[];
  /** how long the step took */
  readonly seconds?: number;
}

/** The model that ran: what is needed to have the same one again. */
export interface RunModel {
  /** path or name as it was opened */
  readonly name: string;
  /** of the checkpoint's files */
  readonly digest: string;
  readonly device: string;
  /** of the U-Net; float32 where absent */
  readonly precision?: string;
  readonly threads: number;
}

/** run.json. */
export interface RunInfo {
  readonly format: 1;
  readonly complete: boolean;
  /** why it ended early, where it did */
  readonly stopped?: string;
  /** the method's name */
  readonly method: string;
  /** what people call the method; absent in runs of older versions */
  readonly title?: string;
  /** what the steps' numbers are; absent in runs of older versions */
  readonly series?: readonly Series[];
  /** every option of the method, resolved, with the seed drawn; a tensor is { shape, float32: base64, little endian } */
  readonly options: Readonly<Record<string, unknown>>;
  readonly model: RunModel;
  /** windows per network call, by the kind of call */
  readonly batch: { readonly noise?: number; readonly gradient?: number };
  readonly versions: Readonly<Record<string, string>>;
  /** of the panorama, pixels */
  readonly width: number;
  readonly height: number;
  /** pixels a latent pixel */
  readonly scaleFactor: number;
  readonly coverage: Coverage;
  /** ISO 8601 */
  readonly started: string;
  readonly seconds: number;
}

/** An encoded picture. */
export interface Picture {
  readonly type: "image/png" | "image/jpeg" | "image/webp";
  readonly bytes: Uint8Array;
}

/** The panorama as it was foreseen after a step. */
export interface ForeseenPicture extends Picture {
  /** the step's index */
  readonly step: number;
}

/** What a report is made of. Pictures are embedded as they are: the caller makes them small. */
export interface ReportRun {
  readonly info: RunInfo;
  readonly steps: readonly StepNumbers[];
  /** the panorama, or the last foreseen one of an interrupted run; absent where no step was finished */
  readonly picture?: Picture;
  readonly foreseen?: readonly ForeseenPicture[];
}
