/** @file `veduta models list | pull | verify`: published checkpoints by name, fetched into the cache that Python's tools share. */
import { type Command, Option } from "commander";
import type { Precision } from "../hub/manifest.js";
import type { HubDeps } from "./models-hub-action.js";

/** Adds the commands to the group `veduta models`. */
export function hubCommands(group: Command, deps: HubDeps): void {
  group
    .command("list")
    .description("what can be pulled: licence, size, and where it is if it is here")
    .action(async () => (await actions()).list(deps));
  group
    .command("pull")
    .description("download a model, go on with a download, or check that it is still what it was")
    .argument("<name>", "as `veduta models list` names it")
    .addOption(new Option("--precision <name>", "fp16: half the size, where it is published").choices(["fp32", "fp16"]).default("fp32"))
    .action(async (name: string, flags: { readonly precision: Precision }) => (await actions()).pull(name, flags.precision, deps));
  group
    .command("verify")
    .description("hash the files of a model, or of every one that is here, and compare them with the first pull")
    .argument("[name]", "as `veduta models list` names it")
    .action(async (name: string | undefined) => (await actions()).verify(name, deps));
}

const actions = () => import("./models-hub-action.js");
