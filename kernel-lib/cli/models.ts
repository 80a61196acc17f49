/** @file `veduta models …`: the commands about checkpoints. */
import type { Command } from "commander";
import { hubCommands } from "./models-hub.js";
import type { HubDeps } from "./models-hub-action.js";
import { randomWeightsCommand } from "./models-random-weights.js";
import type { RandomWeightsDeps } from "./models-random-weights-action.js";

/** Adds the group to the program. */
export function modelsCommand(program: Command, deps: RandomWeightsDeps & HubDeps): void {
  const group = program
    .command("models")
    .summary("list, download and verify checkpoints")
    .description("List, download and verify checkpoints.");
  hubCommands(group, deps);
  randomWeightsCommand(group, deps);
}
