/** @file `veduta models export`: a checkpoint's functions as ONNX models for other runtimes. */
import { type Command, Option } from "commander";
import { PREDICTIONS } from "../diffusion/notation.js";
import { PRECISIONS } from "../graph/half.js";
import { EXPORT_NAMES } from "../pipelines/serving/exported-functions.js";
import type { ExportDeps, ExportFlags } from "./models-export-action.js";
import { listOfNames, wholeNumber } from "./values.js";

/** Adds the command to the group `veduta models`. */
export function exportModelCommand(models: Command, deps: ExportDeps): void {
  const pixels = wholeNumber(1);
  const again = (word: string, before: readonly number[] | undefined): readonly number[] => [...(before ?? []), pixels(word)];
  models
    .command("export")
    .summary("write the networks as ONNX models for Triton and other runtimes")
    .description(
      "Write the functions of a checkpoint of Stable Diffusion, forward and gradient, as ONNX models for Triton, OpenVINO's server or plain ONNX Runtime. The weights stay in the checkpoint's files, which are linked.",
    )
    .argument("<model>", "what --model takes: a folder, a single file, a name, or OWNER/NAME that was pulled")
    .requiredOption("--out <dir>", "the folder")
    .addOption(
      new Option("--what <names>", `out of ${EXPORT_NAMES.join(", ")}, separated by commas`)
        .argParser(listOfNames(EXPORT_NAMES))
        .default(["text", "noise", "gradient", "decode"], "text,noise,gradient,decode"),
    )
    .option("--batch <n>", "windows of a call of noise, gradient and distance", wholeNumber(1), 8)
    .option("--width <px>", "width of a panorama that is decoded or encoded; stands once for each", again)
    .option("--height <px>", "its height; stands once for each width; default that of a window", again)
    .addOption(new Option("--precision <name>", "of the U-Net; inputs and outputs are float32").choices(PRECISIONS).default("float32"))
    .addOption(
      new Option("--prediction <name>", "what the U-Net of a single file predicts; default what its metadata say").choices(PREDICTIONS),
    )
    .addOption(
      new Option(
        "--keeps <what>",
        "what the forward pass stores for the gradient: all activations, or the ends of segments (gradient checkpointing); default ends from 1 GiB a window",
      ).choices(["all", "ends"]),
    )
    .addOption(
      new Option("--timestep-embedding <how>", "computed in the graph, or fed to it: for WebGPU, whose sines are poor")
        .choices(["computed", "fed"])
        .default("computed"),
    )
    .addOption(
      new Option("--layout <name>", "triton: NAME/1/model.onnx is a folder, with config.pbtxt; flat: it is the model, weights beside it")
        .choices(["triton", "flat"])
        .default("triton"),
    )
    .option("--copy", "copy the weights instead of linking them")
    .option("--force", "replace an export that is already in the folder")
    .action(async (name: string, flags: ExportFlags) => (await import("./models-export-action.js")).exportModelAction(name, flags, deps));
}
