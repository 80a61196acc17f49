/** @file `veduta models list | pull | show | verify`: downloads published checkpoints into the cache of Python's tools. */
import { type Command, Option } from "commander";
import { PREDICTIONS } from "../diffusion/notation.js";
import type { HubDeps, PullFlags } from "./models-hub-action.js";
import type { ShowFlags } from "./models-show-action.js";

/** Adds the commands to the group `veduta models`. */
export function hubCommands(group: Command, deps: HubDeps): void {
  group
    .command("list")
    .description(
      "list the models that can be pulled by name, with licence, size, and folder if already pulled, and what else lies in the hub's cache",
    )
    .option("--json", "print a JSON list, for scripts")
    .action(async (flags: { readonly json?: true }) => (await actions()).list(flags, deps));
  group
    .command("pull")
    .description("download a model, resume a download, or check that its files have not changed")
    .argument("<name>", "as `veduta models list` names it, or OWNER/NAME of the hub, and after it @REVISION")
    .addOption(new Option("--precision <name>", "fp16: half the size, where it is published").choices(["fp32", "fp16"]).default("fp32"))
    .option("--file <path>", "of a repository, this file alone: one checkpoint of several, a LoRA, a textual inversion")
    .action(async (name: string, flags: PullFlags) => (await actions()).pull(name, flags, deps));
  group
    .command("show")
    .description(
      "say what a checkpoint is: kind, parameters, prediction, scheduler, licence, what a step takes on this CPU, the first words of its card",
    )
    .argument("<model>", "what --model takes: a folder, a single file, a name, or OWNER/NAME that was pulled")
    .addOption(
      new Option("--prediction <name>", "what the U-Net of a single file predicts; default what its metadata say").choices(PREDICTIONS),
    )
    .option("--json", "print a JSON object, for scripts")
    .action(async (name: string, flags: ShowFlags) => (await import("./models-show-action.js")).show(name, flags, deps));
  group
    .command("verify")
    .description("hash the files of a model, or of all pulled models, and compare them with the first pull")
    .argument("[name]", "as `veduta models list` names it, or OWNER/NAME")
    .action(async (name: string | undefined) => (await actions()).verify(name, deps));
}

const actions = () => import("./models-hub-action.js");
