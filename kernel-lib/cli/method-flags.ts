/** @file The flags of all methods, out of their option tables. */
import type { Method } from "../methods/method.js";
import { flagName, type OptionSpec } from "../methods/option-table.js";

/** An option that a flag gives. */
export interface MethodFlag {
  readonly key: string;
  readonly spec: OptionSpec<unknown>;
  /** that read it; absent: all of them */
  readonly methods?: readonly Method[];
}

/** The flags of all methods' options by their names: the shared options' first, an own option of several methods once. */
export function methodFlags(methods: readonly Method[]): ReadonlyMap<string, MethodFlag> {
  const flags = new Map<string, MethodFlag>();
  for (const { sharedOptions } of methods)
    for (const [key, spec] of Object.entries(sharedOptions)) {
      const name = flagName(key, spec);
      if (name !== undefined) flags.set(name, { key, spec });
    }
  for (const method of methods)
    for (const [key, spec] of Object.entries(method.options)) {
      const name = flagName(key, spec);
      if (name !== undefined) flags.set(name, { key, spec, methods: [...(flags.get(name)?.methods ?? []), method] });
    }
  return flags;
}
