/** @file What a sweep says while it goes on. */
import type { PaintOutcome } from "./paint-run.js";
import type { FailedRun } from "./sweep-folder.js";

/** How many runs of a sweep are where. */
export interface SweepCounts {
  /** of the plan */
  readonly all: number;
  readonly there: number;
  readonly failed: number;
}

/** What the makers of runs say. */
export type EngineEvent =
  | {
      readonly kind: "worker";
      readonly pid: number;
      readonly device: string;
      readonly precision: string;
      readonly notices: readonly string[];
    }
  | { readonly kind: "start"; readonly key: string; readonly host: string }
  | {
      readonly kind: "progress";
      readonly key: string;
      readonly step: number;
      readonly steps: number;
      readonly host: string;
      readonly device: string;
    }
  | { readonly kind: "done"; readonly key: string; readonly outcome: PaintOutcome; readonly seconds: number; readonly host: string }
  | { readonly kind: "failed"; readonly key: string; readonly failed: FailedRun }
  /** something that a user should know */
  | { readonly kind: "note"; readonly text: string };

/** What a sweep says: what its engine says, its beginning and its end; each with the counts so far. */
export type SweepEvent = (
  | EngineEvent
  | { readonly kind: "begin"; readonly workers: number; readonly threads: number }
  | { readonly kind: "measured"; readonly done: number; readonly of: number }
  | { readonly kind: "report"; readonly file: string }
) & { readonly counts: SweepCounts };

/** What a sweep returns. */
export interface SweepResult extends SweepCounts {
  readonly out: string;
  /** absent where no run is there */
  readonly report?: string;
}
