/** @file Methods as `veduta compare` takes them: NAME, or NAME:flag=value for the same method with other options. */
import { InvalidArgumentError } from "commander";
import type { MethodInfo } from "../methods/method.js";
import { methodFlags } from "./method-flags.js";

/** A method as it is compared. */
export interface MethodVariant {
  /** as it was written, such as "sync:sync-steps=5" */
  readonly label: string;
  readonly method: MethodInfo;
  /** the options that the label names, such as { syncSteps: 5 } */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Flags that would make panoramas which cannot be compared. */
const SAME_FOR_ALL = new Set(["--seed", "--width", "--height", "--loop", "--wrap"]);

/**
 * Makes a parser of methods, separated by commas: "multi,sync,sync:sync-steps=5:weight=20".
 * @throws InvalidArgumentError for an unknown method, for a flag that the method lacks, or that takes no value or a file, and for a wrong value
 */
export const listOfVariants =
  (known: readonly MethodInfo[]) =>
  (words: string): readonly MethodVariant[] => {
    const variants = new Map<string, MethodVariant>();
    for (const label of words.split(",").map((word) => word.trim())) variants.set(label, variantOf(label, known));
    return [...variants.values()];
  };

function variantOf(label: string, known: readonly MethodInfo[]): MethodVariant {
  const [name, ...parts] = label.split(":");
  const method = known.find((one) => one.name === name);
  if (!method) throw new InvalidArgumentError(`Got ${JSON.stringify(name)}, want names out of ${known.map((one) => one.name).join(", ")}.`);
  const flags = methodFlags([method]);
  const options: Record<string, unknown> = {};
  for (const part of parts) {
    const at = part.indexOf("=");
    const flag = flags.get(`--${part.slice(0, Math.max(0, at))}`);
    if (!flag?.spec.flag?.parse || SAME_FOR_ALL.has(`--${part.slice(0, at)}`)) {
      const usable = [...flags].filter(([word, { spec }]) => spec.flag?.parse && !SAME_FOR_ALL.has(word));
      throw new InvalidArgumentError(
        `Got ${JSON.stringify(part)} for ${name}, want FLAG=VALUE; flags are ${usable.map(([word]) => word.slice(2)).join(", ")}.`,
      );
    }
    try {
      options[flag.key] = flag.spec.flag.parse(part.slice(at + 1));
    } catch (error) {
      throw new InvalidArgumentError(`${label}: ${part}: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  return { label, method, options };
}
