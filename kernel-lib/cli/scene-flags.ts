/** @file The flags of `veduta scene`. */
import type { RunFlags } from "./run-command.js";

/** The command's flags; one of layout, labels, graph and prompt is given. */
export interface SceneFlags extends RunFlags {
  /** a file */
  readonly layout?: string;
  readonly labels?: string;
  /** a file */
  readonly graph?: string;
  readonly prompt?: string;
}
