/** @file What every command gets, and the two errors with exit codes of their own. */
import type { JointModel } from "../diffusion/joint-model.js";
import type { Prediction } from "../diffusion/notation.js";
import type { Out } from "../display/progress.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import type { LoraChoice } from "../pipelines/adapters/open-lora.js";
import type { EmbeddingChoice } from "../pipelines/adapters/textual-inversion.js";
import type { Adapters } from "../pipelines/adapters/with-adapters.js";
import type { Model } from "../pipelines/model.js";

/** The part of an opened model that painting needs. */
export type PaintModel = JointModel &
  Partial<Adapters> &
  Pick<Model, "device" | "precision" | "threads" | "digest" | "path" | "notices" | "close">;

/** What commands use of the outside world; tests replace it. */
export interface CliDeps {
  readonly openModel: (
    pathOrName: string | undefined,
    options: {
      readonly device?: DeviceChoice;
      readonly precision?: Precision;
      readonly threads?: number;
      readonly prediction?: Prediction;
      readonly control?: readonly string[];
      readonly lora?: readonly LoraChoice[];
      readonly embedding?: readonly EmbeddingChoice[];
    },
  ) => Promise<PaintModel>;
  readonly stdout: Out;
  readonly stderr: Out;
  /** Opens a page in the browser. @returns whether there is one; absent: there is none */
  readonly openPage?: (file: string) => Promise<boolean>;
  /** Calls `stop` once when the user interrupts. @returns a function that stops listening */
  readonly onInterrupt: (stop: () => void) => () => void;
}

/** The arguments are wrong; the message says what would be right. Exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The user stopped the run. Exit code 130. */
export class InterruptedError extends Error {
  override name = "InterruptedError";
}

/** Some runs of a sweep failed or are missing; the message names them. Exit code 1. */
export class FailedRunsError extends Error {
  override name = "FailedRunsError";
}
