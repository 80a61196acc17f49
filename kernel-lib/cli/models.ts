/** @file `veduta models`: checkpoints that are published elsewhere. */
import type { Command } from "commander";
import { type HubDeps, hubCommands } from "./models-hub.js";

/** Adds the commands to the program. */
export function modelsCommand(program: Command, deps: HubDeps): void {
  hubCommands(program.command("models").description("Checkpoints that are published elsewhere, by name."), deps);
}
