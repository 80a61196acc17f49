/** @file What every command is given, and the two errors that end one with an exit code of its own. */
import type { JointModel } from "../diffusion/joint-model.js";
import type { Out } from "../display/progress.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import type { Model } from "../pipelines/model.js";

/** What painting needs of an opened model. */
export type PaintModel = JointModel & Pick<Model, "device" | "precision" | "threads" | "digest" | "path" | "notices" | "close">;

/** What the command line does not do itself. */
export interface CliDeps {
  readonly openModel: (
    pathOrName: string | undefined,
    options: { readonly device: DeviceChoice; readonly precision?: Precision; readonly threads?: number },
  ) => Promise<PaintModel>;
  readonly stdout: Out;
  readonly stderr: Out;
  /** Calls `stop` once when the user interrupts. @returns a function that stops listening */
  readonly onInterrupt: (stop: () => void) => () => void;
}

/** What the command line answered wrongly to: its message says what would be right. Exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The user stopped the run. Exit code 130. */
export class InterruptedError extends Error {
  override name = "InterruptedError";
}
