/** @file Whether a part's config fits another part's. */
import { CheckpointError } from "../core/errors.js";

/** Refuses a config's value that is not what another part has. @throws CheckpointError naming file, key, both values and whose `want` is */
export function expectEqual(file: string, key: string, got: number, want: number, whose: string): void {
  if (got !== want) throw new CheckpointError(file, { expected: `${key} ${want}, ${whose}`, found: String(got) });
}
