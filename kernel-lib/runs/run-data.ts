/** @file A run as plain data: the content of run.json and steps.json, and the report's input. */
import type { Prediction } from "../diffusion/notation.js";
import type { PictureNumbers } from "../methods/edit/edit-step.js";
import type { Family, Series } from "../methods/method.js";
import type { Coverage } from "../panorama/coverage.js";

/** One window in one step; place and size in latent pixels. */
export interface WindowNumbers {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** LPIPS of its foreseen image to the anchor's, before the descent; 0 for the anchor, absent in a step that was not synchronised */
  readonly loss?: number;
  /** L2 norm of the loss's gradient, before the weight */
  readonly gradientNorm?: number;
  /** further numbers, by series name */
  readonly [series: string]: number | undefined;
}

/** The numbers of one step record. */
export interface StepNumbers {
  /** from 0, over all stages of a run */
  readonly index: number;
  /** of a run over a pyramid: from 0, the coarsest */
  readonly stage?: number;
  readonly timestep: number;
  /** the descent's weight in this step; 0 in a step that was not synchronised */
  readonly weight: number;
  /** index into `windows`, -1 for a method without an anchor */
  readonly anchor: number;
  /** further numbers of the step, by series name */
  readonly series?: Readonly<Record<string, number>>;
  /** empty for runs without windows */
  readonly windows: readonly WindowNumbers[];
  /** of each control of a panorama, its scale and whether it counted in this step */
  readonly control?: readonly { readonly scale: number; readonly used: boolean }[];
  /** of an edit, each picture's numbers */
  readonly pictures?: readonly PictureNumbers[];
  /** duration of the step */
  readonly seconds?: number;
}

/** The model of a run, with what is needed to open the same one again. */
export interface RunModel {
  /** the path or name it was opened by */
  readonly name: string;
  /** of the checkpoint's files */
  readonly digest: string;
  readonly device: string;
  /** of the U-Net; default float32 */
  readonly precision?: string;
  readonly threads: number;
  /** what its U-Net predicts, where it is a single file and the user has said so */
  readonly prediction?: Prediction;
  /** names or paths of the ControlNets it was opened with, in their order; absent without any */
  readonly control?: readonly string[];
  /** LoRAs that were added to its weights; absent without any */
  readonly lora?: readonly RunLora[];
  /** textual inversions that its prompts could name; absent without any */
  readonly embedding?: readonly RunEmbedding[];
}

/** A LoRA of a run's model. */
export interface RunLora {
  /** as it was given */
  readonly file: string;
  readonly scale: number;
  /** of the file, in hex */
  readonly sha256: string;
}

/** A textual inversion of a run's model. */
export interface RunEmbedding {
  /** as it was given */
  readonly file: string;
  readonly word: string;
  /** of the file, in hex */
  readonly sha256: string;
}

/** The picture that an edit began with. Its pixels are in the run's folder as source.png. */
export interface SourceInfo {
  /** the file's name, or "tensor" */
  readonly name: string;
  /** of the file, or of the pixels as float32, in hex */
  readonly sha256: string;
}

/** The content of run.json. */
export interface RunInfo {
  readonly format: 1;
  readonly complete: boolean;
  /** why it ended early; absent if it is complete */
  readonly stopped?: string;
  /** what the method makes; absent in runs of older versions, which are panoramas */
  readonly family?: Family;
  /** the method's name */
  readonly method: string;
  /** the picture that was edited; absent for a panorama */
  readonly source?: SourceInfo;
  /** the method's display name; absent in runs of older versions */
  readonly title?: string;
  /** the series that the steps hold; absent in runs of older versions */
  readonly series?: readonly Series[];
  /** every option of the method, defaults filled in and the seed drawn; a tensor is { shape, float32: base64, little endian } */
  readonly options: Readonly<Record<string, unknown>>;
  readonly model: RunModel;
  /** windows per network call, by the kind of call */
  readonly batch: { readonly noise?: number; readonly gradient?: number };
  readonly versions: Readonly<Record<string, string>>;
  /** of the panorama or the picture, pixels */
  readonly width: number;
  readonly height: number;
  /** pixels per latent pixel */
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

/** The foreseen panorama of a step. */
export interface ForeseenPicture extends Picture {
  /** the step's index */
  readonly step: number;
}

/** The input of a report. Pictures are embedded as they are, so the caller makes them small. */
export interface ReportRun {
  readonly info: RunInfo;
  readonly steps: readonly StepNumbers[];
  /** the panorama, or the last foreseen one of an interrupted run; absent if no step was finished */
  readonly picture?: Picture;
  readonly foreseen?: readonly ForeseenPicture[];
  /** of a run over a pyramid: the layout that it was asked for, and the codes of the picture */
  readonly layout?: Picture;
  readonly codes?: Picture;
  /** of a panorama: the pictures that it was given, by the names of their options */
  readonly given?: Readonly<Record<string, Picture>>;
  /** the picture that was edited, and what its path foresaw */
  readonly source?: { readonly picture: Picture; readonly foreseen: readonly ForeseenPicture[] };
}
