/** @file Flags that say once, for every `--control`, what its word does not say itself. */
import { type Command, Option } from "commander";
import { CONDITION_KINDS, hasOption } from "../conditions/control-words.js";
import { CONTROL_MODES } from "../diffusion/capabilities.js";
import { UsageError } from "./command.js";

/** The flags, by the options of a control's word. */
const FLAGS = {
  kind: new Option("--control-kind <name>", "what is made of the pictures of --control that do not say: kind").choices(
    Object.keys(CONDITION_KINDS),
  ),
  scale: new Option("--control-scale <factor>", "the scale of those that do not say"),
  mode: new Option("--control-mode <name>", "the mode of those that do not say").choices(CONTROL_MODES),
  start: new Option("--control-from <share>", "the share of the steps before which those that do not say do not count"),
  end: new Option("--control-to <share>", "the share of the steps after which those that do not say do not count"),
} as const;

/** Adds the flags, after `--control-net`. */
export function addControlFlags(command: Command): Command {
  for (const option of Object.values(FLAGS)) command.addOption(option);
  return command;
}

/**
 * The words of `--control` with what these flags say.
 * @throws UsageError for one of these flags without a --control
 */
export function controlWords<Flags extends Readonly<Record<string, unknown>>>(flags: Flags): Flags {
  const said = Object.entries(FLAGS).flatMap(([name, option]) => {
    const value = flags[option.attributeName()];
    return value === undefined ? [] : [{ name, flag: option.long, value }];
  });
  if (said.length === 0) return flags;
  const words = flags.control as readonly string[] | undefined;
  if (words === undefined) throw new UsageError(`${said[0].flag} says something of --control's pictures; give --control too`);
  const completed = words.map((word) =>
    said.reduce((whole, { name, value }) => (hasOption(word, name) ? whole : `${whole},${name}=${value}`), word),
  );
  return { ...flags, control: completed };
}
