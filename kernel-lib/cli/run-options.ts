/** @file The options of commands that run a method, made from the methods' option tables. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { PREDICTIONS } from "../diffusion/notation.js";
import { DEVICE_CHOICES } from "../engine/device.js";
import { PRECISIONS } from "../graph/half.js";
import type { MethodInfo } from "../methods/method.js";
import { UsageError } from "./command.js";
import { addControlFlags, controlWords } from "./control-flags.js";
import { KEEP_ALL, keptOf } from "./kept.js";
import { flagWords, type MethodFlag, methodFlags } from "./method-flags.js";
import { wholeNumber } from "./values.js";

/** Adds --method, the flags of the methods, and those of the model and the folder. @param picture the finished run's file */
export function addRunOptions(command: Command, methods: readonly MethodInfo[], standard: string, picture: string): void {
  command.addOption(
    new Option("--method <name>", methods.map(({ name, title, summary }) => `${name}: ${summary} (${title})`).join("; "))
      .choices(methods.map(({ name }) => name))
      .default(standard),
  );
  addMethodFlags(command, methods);
  command
    .option("--foreseen <n>", "keep the picture foreseen after every n-th step; 0: none; default: about ten of a run", wholeNumber(0))
    .addOption(
      new Option(
        "--keep <parts>",
        `what the run's folder holds besides ${picture}, run.json and steps.json: foreseen, report, shared-report (several reports share the viewer's script beside their folders), or nothing`,
      )
        .argParser(keptOf)
        .default(keptOf(KEEP_ALL), KEEP_ALL),
    );
  addModelOptions(command)
    .option("--out <dir>", "the run's folder; default veduta-out/<method>-<seed>")
    .option("--force", "replace a run that is already in the folder");
}

/** Adds the flags of the methods' options. @param without flags that the command has in its own way */
export function addMethodFlags(command: Command, methods: readonly MethodInfo[], without: ReadonlySet<string> = new Set()): void {
  for (const [name, flag] of methodFlags(methods))
    if (!without.has(name)) for (const option of optionsOf(name, flag)) command.addOption(option);
}

/**
 * The flags with the values of those that may stand several times, in place of their words.
 * @throws UsageError for wrong words; CheckpointError for a file that they name
 */
export async function loadedFlags<Flags extends Readonly<Record<string, unknown>>>(
  flags: Flags,
  methods: readonly MethodInfo[],
): Promise<Flags> {
  const loaded: Record<string, unknown> = {};
  const completed = controlWords(flags);
  for (const [name, { key, spec }] of methodFlags(methods)) {
    const words = completed[key];
    if (words === undefined || !spec.flag?.load) continue;
    try {
      loaded[key] = await spec.flag.load(words as readonly string[], decode);
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(`${name}: ${error.message}`, { cause: error });
      throw error;
    }
  }
  return { ...flags, ...loaded };
}

/** What a model can be opened with beside its checkpoint, and a run that is repeated can leave out. */
export const OPENED_WITH = ["control-net", "lora", "embedding"] as const;
/** One of them. */
export type OpenedWith = (typeof OPENED_WITH)[number];

/** Adds the flags of ControlNets beside the model, and of how `--control` is taken. */
export const addControlNetOption = (command: Command): Command => {
  command.option(
    "--control-net <path>",
    "a ControlNet: a folder in the layout of diffusers, a .safetensors or .pth, the name of one that the checkpoint has, or OWNER/NAME of the hub; stands once for each, net=0 is the first",
    again,
  );
  return addControlFlags(command);
};

/** Parses a flag that stands several times. */
const again = (word: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), word];

const decode = async (file: string) => (await import("../core/image.js")).decodeImage(file);

/** Adds the flags that choose a model and where it runs. */
export const addModelOptions = (command: Command): Command =>
  command
    .option(
      "--model <path>",
      "a checkpoint's folder, single file or name, or the address of a server (veduta serve); default VEDUTA_MODEL, else the bundled one",
    )
    .addOption(
      new Option("--device <name>", "where the networks run; auto: the best that is available; default VEDUTA_DEVICE, else auto").choices(
        DEVICE_CHOICES,
      ),
    )
    .addOption(new Option("--precision <name>", "of the U-Net; default float16 on cuda, float32 on cpu and webgpu").choices(PRECISIONS))
    .option("--threads <n>", "threads of the CPU; default VEDUTA_THREADS, else all its cores", wholeNumber(1))
    .addOption(
      new Option("--prediction <name>", "what the U-Net of a single file predicts; default what its metadata say").choices(PREDICTIONS),
    )
    .option("--verbose", "say which devices were tried, and why they were not taken")
    .option(
      "--lora <file>",
      "a LoRA that is added to the weights: FILE or FILE:SCALE, FILE a path or OWNER/NAME of the hub; stands once for each",
      again,
    )
    .option(
      "--embedding <file>",
      "a textual inversion that prompts can name: FILE or FILE:WORD, FILE a path or OWNER/NAME of the hub; stands once for each; default word: the file's own, else its name",
      again,
    );

/** Commander's options of a flag; a flag without a value also has its opposite. The value is stored under the option's name. */
function optionsOf(name: string, flag: MethodFlag): Option[] {
  const { means, otherwise } = flagWords(flag);
  const { value, choices, parse, load } = flag.spec.flag ?? {};
  if (value === undefined || (parse ?? load) === undefined)
    return [new Option(name, means), new Option(name.replace("--", "--no-"), "the opposite (default)")];
  const text = `${means}${otherwise === undefined ? "" : ` (default: ${otherwise})`}`;
  const named = new Option(`${name} <${value}>`, text);
  const option = (choices ? named.choices(choices) : named).argParser((word: string, before: unknown) => {
    try {
      return parse ? parse(word) : [...((before as readonly string[] | undefined) ?? []), word];
    } catch (error) {
      throw new InvalidArgumentError(
        error instanceof RangeError ? `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.` : String(error),
      );
    }
  });
  option.attributeName = () => flag.key;
  return [option];
}
