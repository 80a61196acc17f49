/** @file `veduta models …`: the commands about checkpoints. */
import type { Command } from "commander";
import { type FabricateDeps, fabricateCommand } from "./models-fabricate.js";

/** Adds the group to the program. */
export function modelsCommand(program: Command, deps: FabricateDeps): void {
  const group = program.command("models").description("Checkpoints: what there is, and how to get it.");
  fabricateCommand(group, deps);
}
