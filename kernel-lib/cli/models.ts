/** @file `veduta models …`: the commands about checkpoints. */
import type { Command } from "commander";
import { fabricateCommand } from "./models-fabricate.js";
import type { FabricateDeps } from "./models-fabricate-action.js";
import { hubCommands } from "./models-hub.js";
import type { HubDeps } from "./models-hub-action.js";

/** Adds the group to the program. */
export function modelsCommand(program: Command, deps: FabricateDeps & HubDeps): void {
  const group = program.command("models").description("List, download and verify checkpoints.");
  hubCommands(group, deps);
  fabricateCommand(group, deps);
}
