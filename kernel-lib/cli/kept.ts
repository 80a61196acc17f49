/** @file What a run's folder keeps besides panorama.png, run.json and steps.json: the words of --keep. */
import { InvalidArgumentError } from "commander";
import type { ReportKind } from "../pages/save-run.js";

export interface Kept {
  /** the pictures that steps foresaw */
  readonly foreseen: boolean;
  readonly report: ReportKind;
}

const WORDS = ["foreseen", "report", "shared-report", "nothing"];
/** The words of --keep that keep everything in one file each. */
export const KEEP_ALL = "foreseen,report";

/** Reads the words of --keep, separated by commas. */
export function keptOf(words: string): Kept {
  const list = words.split(",").map((word) => word.trim());
  const stranger = list.find((word) => !WORDS.includes(word));
  if (stranger !== undefined) throw new InvalidArgumentError(`Want some of ${WORDS.join(", ")}, separated by commas.`);
  if (list.includes("report") && list.includes("shared-report")) throw new InvalidArgumentError("Want report or shared-report, not both.");
  if (list.includes("nothing") && list.length > 1) throw new InvalidArgumentError("Want nothing alone, or other words.");
  return {
    foreseen: list.includes("foreseen"),
    report: list.includes("report") ? "embedded" : list.includes("shared-report") ? "shared" : "none",
  };
}
