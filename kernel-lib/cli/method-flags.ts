/** @file The flags of all methods, made from their option tables. */
import type { MethodInfo } from "../methods/method.js";
import { defaultInWords, flagName, type OptionSpec } from "../methods/option-table.js";

/** A flag, with the option that it sets. */
export interface MethodFlag {
  readonly key: string;
  /** how its words are parsed: of the first method that reads it */
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
      if (name === undefined) continue;
      const known = flags.get(name);
      flags.set(name, { key, spec: known?.spec ?? spec, methods: [...(known?.methods ?? []), method] });
    }
  return flags;
}

/** What a flag means, and its default: said once for the methods that agree in both. @param quoted how a method's name is written */
export function flagWords(
  { key, spec, methods }: MethodFlag,
  quoted: (name: string) => string = (name) => name,
): { readonly means: string; readonly otherwise?: string } {
  if (methods === undefined) return { means: spec.means, otherwise: defaultInWords(spec) };
  const groups = new Map<string, { readonly names: string[]; readonly means: string; readonly otherwise?: string }>();
  for (const { name, options } of methods) {
    const { means } = options[key];
    const otherwise = defaultInWords(options[key]);
    const group = groups.get(`${means}\n${otherwise}`) ?? { names: [], means, otherwise };
    groups.set(`${means}\n${otherwise}`, group);
    group.names.push(quoted(name));
  }
  const all = [...groups.values()];
  const defaults = all.filter(({ otherwise }) => otherwise !== undefined);
  return {
    means: all.map(({ names, means }) => `${names.join(", ")}: ${means}`).join("; "),
    otherwise:
      all.length === 1
        ? all[0].otherwise
        : defaults.map(({ names, otherwise }) => `${otherwise} for ${names.join(", ")}`).join("; ") || undefined,
  };
}
