/** @file The command that repeats a run, made from its method's option table. */
import { methodInfo } from "../methods/methods.js";
import { flagName, type OptionTable } from "../methods/option-table.js";
import type { RunInfo } from "../runs/run-data.js";

/** The options of a method, the shared ones first; empty for an unknown method. */
export function optionsOf(name: string): OptionTable {
  const method = methodInfo(name);
  return { ...method?.sharedOptions, ...method?.options };
}

/** The command that repeats a run. Options without a flag are left out. */
export function repeatCommand({ method, options, model, family, source }: RunInfo): string {
  const given = Object.entries(optionsOf(method)).flatMap(([key, spec]) => {
    const [flag, value] = [flagName(key, spec), options[key]];
    if (
      flag === undefined ||
      value === undefined ||
      (value === "" && key !== "sourcePrompt") ||
      value === false ||
      (typeof value === "object" && !spec.flag?.word)
    )
      return [];
    return spec.flag?.value === undefined ? [flag] : [flag, quoted(spec.flag.word?.(value) ?? String(value))];
  });
  const precision = model.precision === undefined ? [] : ["--precision", model.precision];
  const command = family === "edit" ? ["veduta edit", quoted(source?.name ?? "source.png")] : ["veduta paint"];
  const words = [...command, quoted(String(options.prompt ?? "")), "--method", method, ...given];
  return [...words, "--device", model.device, ...precision, "--threads", String(model.threads)].join(" ");
}

/** Quotes a word for a POSIX shell. */
const quoted = (word: string): string => (/^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
