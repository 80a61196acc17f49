/** @file The flags of all methods, made from their option tables. */
import type { MethodInfo } from "../methods/method.js";
import { flagName, type OptionSpec } from "../methods/option-table.js";

/** A flag, with the option that it sets. */
export interface MethodFlag {
  readonly key: string;
  readonly spec: OptionSpec<unknown>;
  /** the methods that read it; absent: all methods */
  readonly methods?: readonly MethodInfo[];
}

/** The flags of all methods by option name: shared options first; an option of several methods occurs once. */
export function methodFlags(methods: readonly MethodInfo[]): ReadonlyMap<string, MethodFlag> {
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
