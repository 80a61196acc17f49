/** @file How `veduta edit --grid` ranks. */

export const SCORES = ["directional", "prompt", "structure"] as const;
export type Score = (typeof SCORES)[number];
