/** @file `veduta models …`: the commands about checkpoints. */
import type { Command } from "commander";
import { convertCommand } from "./models-convert.js";
import type { ConvertDeps } from "./models-convert-action.js";
import { exportModelCommand } from "./models-export.js";
import { hubCommands } from "./models-hub.js";
import type { HubDeps } from "./models-hub-action.js";
import { randomWeightsCommand } from "./models-random-weights.js";
import type { RandomWeightsDeps } from "./models-random-weights-action.js";

/** Adds the group to the program. */
export function modelsCommand(program: Command, deps: RandomWeightsDeps & HubDeps & ConvertDeps): void {
  const group = program
    .command("models")
    .summary("list, download, show, verify, convert and export checkpoints")
    .description("List, download, show, verify, convert and export checkpoints.");
  hubCommands(group, deps);
  convertCommand(group, deps);
  exportModelCommand(group, deps);
  randomWeightsCommand(group, deps);
}
