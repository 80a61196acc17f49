/** @file The levels of an edit: the last part of a schedule's path, ending at a level that still has noise. */
import { createSchedule, type Hop, type ScheduleConfig } from "../../diffusion/schedule.js";

/** The hops of an edit, and what the user should know of them. */
export interface EditPath {
  readonly hops: readonly Hop[];
  readonly notices: readonly string[];
}

/**
 * The last steps − skipSteps hops of a schedule. Where the schedule's last level is free of noise (set_alpha_to_one), the level of timestep 0 takes its
 * place, as in the official code: a last step without noise could not be recorded.
 * @throws RangeError for skipSteps that are not a whole number from 0 to steps − 1
 */
export function editPath(config: ScheduleConfig, steps: number, skipSteps: number): EditPath {
  if (!Number.isInteger(skipSteps) || skipSteps < 0 || skipSteps >= steps)
    throw new RangeError(`skipSteps ${skipSteps}: want a whole number from 0 to ${steps - 1}, fewer than the ${steps} steps`);
  const schedule = createSchedule(config);
  const hops = schedule.path(steps, { skip: skipSteps });
  const last = hops[hops.length - 1];
  if (last.next.sigma > 0) return { hops, notices: [] };
  const ended = { ...last, next: { ...schedule.level(0), t: -1 } };
  return {
    hops: [...hops.slice(0, -1), ended],
    notices: ["the checkpoint's schedule ends without noise (set_alpha_to_one); the edit ends at the level of timestep 0 instead"],
  };
}
