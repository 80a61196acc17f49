/** @file The noise schedule's configuration; written in full beside its functions. */
export interface ScheduleConfig {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: "scaled_linear" | "linear";
  readonly trainTimesteps: number;
  readonly stepsOffset: number;
  readonly setAlphaToOne: boolean;
  readonly prediction: "epsilon" | "v_prediction" | "sample";
}
