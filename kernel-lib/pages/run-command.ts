/** @file The command that repeats a run, out of its method's option table. */
import { findMethod } from "../methods/methods.js";
import { flagName, type OptionTable } from "../methods/option-table.js";
import type { RunInfo } from "../runs/run-data.js";

/** The options of a method, the shared ones first; empty for a method that is not known here. */
export function optionsOf(name: string): OptionTable {
  const method = findMethod(name);
  return { ...method?.sharedOptions, ...method?.options };
}

/** The command, where the run's options can be said on the command line. */
export function runCommand({ method, options, model }: RunInfo): string {
  const given = Object.entries(optionsOf(method)).flatMap(([key, spec]) => {
    const [flag, value] = [flagName(key, spec), options[key]];
    if (flag === undefined || value === undefined || value === "" || value === false || typeof value === "object") return [];
    return spec.flag?.value === undefined ? [flag] : [flag, quoted(String(value))];
  });
  const precision = model.precision === undefined ? [] : ["--precision", model.precision];
  const words = ["veduta paint", quoted(String(options.prompt ?? "")), "--method", method, ...given];
  return [...words, "--device", model.device, ...precision, "--threads", String(model.threads)].join(" ");
}

/** A word as a POSIX shell takes it. */
const quoted = (word: string): string => (/^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
