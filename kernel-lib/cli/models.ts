/** @file `veduta models …`: the commands about checkpoints. */
import type { Command } from "commander";
import { convertCommand } from "./models-convert.js";
import type { ConvertDeps } from "./models-convert-action.js";
import { exportModelCommand } from "./models-export.js";
import { hubCommands } from "./models-hub.js";
import type { HubDeps } from "./models-hub-action.js";
import { randomWeightsCommand } from "./models-random-weights.js";
import type { RandomWeightsDeps } from "./models-random-weights-action.js";

/** What the group of commands is. */
export function modelsCommand(command: Command, deps: RandomWeightsDeps & HubDeps & ConvertDeps): void {
  const group = command.description("List, download, show, verify, convert and export checkpoints.");
  hubCommands(group, deps);
  convertCommand(group, deps);
  exportModelCommand(group, deps);
  randomWeightsCommand(group, deps);
}
