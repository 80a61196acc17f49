/** @file `veduta models list | pull | verify`: downloads published checkpoints into the cache of Python's tools. */
import { type Command, Option } from "commander";
import type { Precision } from "../hub/manifest.js";
import type { HubDeps } from "./models-hub-action.js";

/** Adds the commands to the group `veduta models`. */
export function hubCommands(group: Command, deps: HubDeps): void {
  group
    .command("list")
    .description("list the models that can be pulled, with licence, size, and folder if already pulled")
    .action(async () => (await actions()).list(deps));
  group
    .command("pull")
    .description("download a model, resume a download, or check that its files have not changed")
    .argument("<name>", "as `veduta models list` names it")
    .addOption(new Option("--precision <name>", "fp16: half the size, where it is published").choices(["fp32", "fp16"]).default("fp32"))
    .action(async (name: string, flags: { readonly precision: Precision }) => (await actions()).pull(name, flags.precision, deps));
  group
    .command("verify")
    .description("hash the files of a model, or of all pulled models, and compare them with the first pull")
    .argument("[name]", "as `veduta models list` names it")
    .action(async (name: string | undefined) => (await actions()).verify(name, deps));
}

const actions = () => import("./models-hub-action.js");
