/** @file The runs of which a sweep and a plain loop are compared: 4 steps of six windows. */
export const LOOP_OPTIONS = { method: "multi", prompt: "mountains", steps: 4, batch: 4 };
