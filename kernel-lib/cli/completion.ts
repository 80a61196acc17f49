/** @file `veduta completion bash|zsh|fish`: a script that lets a shell complete commands, options and their values. It is made from the commands themselves. */
import { Argument, type Command, type Option } from "commander";
import type { CliDeps } from "./command.js";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** What the command is. It completes all commands of the program that it belongs to. */
export function completionCommand(command: Command, { stdout }: Pick<CliDeps, "stdout">): void {
  command
    .description(
      "Prints a script that completes commands, options and their values.\n  bash: echo 'source <(veduta completion bash)' >> ~/.bashrc\n  zsh:  echo 'source <(veduta completion zsh)' >> ~/.zshrc\n  fish: veduta completion fish > ~/.config/fish/completions/veduta.fish",
    )
    .addArgument(new Argument("<shell>", "of the user").choices(SHELLS))
    .action((shell: Shell) => void stdout.write(SCRIPTS[shell](branches(command.parent as Command))));
}

/** A command that a user types words after. */
interface Branch {
  /** the words before, such as "models pull"; empty for the program itself */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly what: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly what: string;
    readonly choices: readonly string[];
    readonly value: "none" | "some";
  }[];
}

function branches(command: Command, path: readonly string[] = []): Branch[] {
  const named = command.commands.map((each) => ({ name: each.name(), what: firstLine(each.summary() || each.description()) }));
  const options = command.options.flatMap((option: Option) =>
    option.hidden || option.long === undefined || option.long === null
      ? []
      : [
          {
            flag: option.long,
            what: firstLine(option.description),
            choices: option.argChoices ?? [],
            value: option.required || option.optional ? ("some" as const) : ("none" as const),
          },
        ],
  );
  const help = { flag: "--help", what: "display help for command", choices: [], value: "none" as const };
  const here = { path: path.join(" "), commands: named, options: [...options, help] };
  return [here, ...command.commands.flatMap((each) => branches(each, [...path, each.name()]))];
}

const firstLine = (text: string): string => text.split("\n")[0];

/**
 * One function of bash: it finds the command among the words before, then offers the values of the option before the cursor, else commands and
 * options. Where none fits, the shell completes files.
 */
function bash(all: readonly Branch[]): string {
  const inner = all.filter(({ commands }) => commands.length > 0);
  const paths = inner.flatMap(({ path, commands }) => commands.map(({ name }) => `"${path} ${name}"`));
  const values = all.flatMap(({ path, options }) =>
    options.flatMap(({ flag, choices }) => (choices.length > 0 ? [`    " ${path} ${flag}") words="${choices.join(" ")}" ;;\n`] : [])),
  );
  const takers = [...new Set(all.flatMap(({ options }) => options.flatMap(({ flag, value }) => (value === "some" ? [flag] : []))))];
  const words = all.map(
    ({ path, commands, options }) =>
      `    "${path}") words="${[...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(" ")}" ;;\n`,
  );
  return `# Completes veduta's commands, options and their values.
_veduta() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at="" words="" k
  COMPREPLY=()
  for ((k = 1; k < COMP_CWORD; k++)); do
    case "$at \${COMP_WORDS[k]}" in
    ${paths.join("|")}) at="\${at:+$at }\${COMP_WORDS[k]}" ;;
    esac
  done
  case " $at $prev" in
${values.join("")}  esac
  if [[ -z $words ]]; then
    case "$prev" in
    ${takers.join("|")}) return ;; # a value that only the user knows, or a file
    esac
    case "$at" in
${words.join("")}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _veduta veduta
`;
}

/** zsh runs bash's function. */
const zsh = (all: readonly Branch[]): string => `autoload -U +X compinit && compinit -u
autoload -U +X bashcompinit && bashcompinit
${bash(all)}`;

/** One line of fish per command, option and list of values. */
function fish(all: readonly Branch[]): string {
  const quoted = (text: string) => `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
  const after = ({ path, commands }: Branch) => {
    const parts = path.split(" ").filter((word) => word !== "");
    const inside = parts.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(" ")}`] : [];
    return quoted([...inside, ...none].join("; and "));
  };
  return `# Completes veduta's commands, options and their values.
${all
  .flatMap((branch) => [
    ...branch.commands.map(({ name, what }) => `complete -c veduta -f -n ${after(branch)} -a ${quoted(name)} -d ${quoted(what)}`),
    ...branch.options.map(
      ({ flag, what, choices, value }) =>
        `complete -c veduta -n ${after(branch)} -l ${flag.slice(2)}${value === "some" ? " -r" : ""}${choices.length > 0 ? ` -f -a ${quoted(choices.join(" "))}` : ""} -d ${quoted(what)}`,
    ),
  ])
  .join("\n")}
`;
}

const SCRIPTS: Readonly<Record<Shell, (all: readonly Branch[]) => string>> = { bash, zsh, fish };
