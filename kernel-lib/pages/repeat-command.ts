/** @file The command that repeats a run, made from its method's option table. */

import type { Family } from "../methods/method.js";
import { methodInfo } from "../methods/methods.js";
import { flagName, type OptionTable } from "../methods/option-table.js";
import type { RunInfo } from "../runs/run-data.js";
import { GRAPH_FILE, LAYOUT_FILE } from "../runs/run-folder.js";

/** The options of a method, the shared ones first; empty for an unknown method. */
export function optionsOf(name: string): OptionTable {
  const method = methodInfo(name);
  return { ...method?.sharedOptions, ...method?.options };
}

/** The command that repeats a run. Options without a flag are left out. */
export function repeatCommand({ method, options, model, family = "panorama", source }: RunInfo): string {
  const given = Object.entries(optionsOf(method)).flatMap(([key, spec]) => {
    const [flag, value] = [flagName(key, spec), options[key]];
    if (flag !== undefined && value !== undefined && spec.flag?.words)
      return spec.flag.words(value).flatMap((word) => [flag, quoted(word)]);
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
  const opened = ["--model", quoted(model.name), ...(model.prediction === undefined ? [] : ["--prediction", model.prediction])];
  const controlNets = (model.control ?? []).flatMap((name) => ["--control-net", quoted(name)]);
  const loras = (model.lora ?? []).flatMap(({ file, scale }) => ["--lora", quoted(scale === 1 ? file : `${file}:${scale}`)]);
  const embeddings = (model.embedding ?? []).flatMap(({ file, word }) => ["--embedding", quoted(`${file}:${word}`)]);
  const commands: Readonly<Record<Family, () => readonly string[]>> = {
    panorama: () => ["veduta paint", prompt],
    edit: () => ["veduta edit", quoted(source?.name ?? "source.png"), prompt],
    pyramid: () => ["veduta scene", ...sceneWords(options)],
  };
  const prompt = quoted(String(options.prompt ?? ""));
  const words = [...commands[family](), "--method", method, ...given, ...opened, ...controlNets, ...loras, ...embeddings];
  return [...words, "--device", model.device, ...precision, "--threads", String(model.threads)].join(" ");
}

/** The condition's flag; a prompt is an option of the table. */
function sceneWords({ layout, labels, graph }: RunInfo["options"]): readonly string[] {
  if (layout) return ["--layout", LAYOUT_FILE];
  if (graph) return ["--graph", GRAPH_FILE];
  return Array.isArray(labels) ? ["--labels", quoted(labels.join(","))] : [];
}

/** Quotes a word for a POSIX shell. */
const quoted = (word: string): string => (/^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
