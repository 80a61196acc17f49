/** @file `veduta paint`: paints a prompt into a run's folder. Its flags come from the methods' option tables. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEVICE_CHOICES } from "../engine/device.js";
import { PRECISIONS } from "../graph/half.js";
import { allMethods, DEFAULT_METHODS } from "../methods/methods.js";
import { defaultInWords, type OptionSpec } from "../methods/option-table.js";
import type { CliDeps } from "./command.js";
import { KEEP_ALL, keptOf } from "./kept.js";
import { methodFlags } from "./method-flags.js";
import type { PaintFlags } from "./paint-action.js";
import { wholeNumber } from "./values.js";

/** Adds the command to the program. */
export function paintCommand(program: Command, deps: CliDeps): void {
  const methods = allMethods();
  const command = program
    .command("paint")
    .summary("paint a panorama from a prompt")
    .description(
      "Paint a panorama from a prompt, step by step, and write the run: panorama.png, report.html to look at, run.json to repeat it.",
    )
    .argument("<prompt>", "what to paint, in quotes")
    .addOption(
      new Option("--method <name>", methods.map(({ name, title, summary }) => `${name}: ${summary} (${title})`).join("; "))
        .choices(methods.map(({ name }) => name))
        .default(DEFAULT_METHODS.panorama.name),
    );
  for (const [flag, { key, spec, methods: readers }] of methodFlags(methods)) {
    const whose = readers === undefined ? "" : `${readers.map(({ name }) => name).join(", ")}: `;
    for (const option of optionsOf(flag, key, spec, whose)) command.addOption(option);
  }
  command
    .option("--foreseen <n>", "keep the picture foreseen after every n-th step; 0: none", wholeNumber(0), 1)
    .addOption(
      new Option(
        "--keep <parts>",
        "what the run's folder holds besides panorama.png, run.json and steps.json: foreseen, report, shared-report (several reports share the viewer's script beside their folders), or nothing",
      )
        .argParser(keptOf)
        .default(keptOf(KEEP_ALL), KEEP_ALL),
    )
    .option("--model <path>", "a checkpoint's folder or name; default: the bundled one")
    .addOption(
      new Option("--device <name>", "where the networks run; auto: the best that is available").choices(DEVICE_CHOICES).default("auto"),
    )
    .addOption(new Option("--precision <name>", "of the U-Net; default float16 on cuda, float32 on cpu and webgpu").choices(PRECISIONS))
    .option("--threads <n>", "threads of the CPU; default all its cores", wholeNumber(1))
    .option("--out <dir>", "the run's folder; default veduta-out/<method>-<seed>")
    .option("--force", "replace a run that is already in the folder")
    .addHelpText(
      "after",
      '\nExamples:\n  veduta paint "mountains" --loop --seed 7\n  veduta paint "a misty forest at dawn" --method multi --width 1024 --out forest\n',
    )
    .action(async (prompt: string, flags: PaintFlags) => (await import("./paint-action.js")).paint(prompt, flags, deps));
}

/** Commander's options of a flag; a flag without a value also has its opposite. The value is stored under the option's name. */
function optionsOf(flag: string, key: string, spec: OptionSpec<unknown>, whose: string): Option[] {
  const otherwise = defaultInWords(spec);
  const text = `${whose}${spec.means}${otherwise === undefined ? "" : ` (default: ${otherwise})`}`;
  const { value, parse } = spec.flag ?? {};
  if (value === undefined || parse === undefined)
    return [new Option(flag, `${whose}${spec.means}`), new Option(flag.replace("--", "--no-"), "the opposite (default)")];
  const option = new Option(`${flag} <${value}>`, text).argParser((word: string) => {
    try {
      return parse(word);
    } catch (error) {
      throw new InvalidArgumentError(
        error instanceof RangeError ? `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.` : String(error),
      );
    }
  });
  option.attributeName = () => key;
  return [option];
}
