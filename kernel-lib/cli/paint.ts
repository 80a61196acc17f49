/** @file `veduta paint`: a prompt becomes a run's folder. */
import { type Command, Option } from "commander";
import { DEVICE_CHOICES } from "../engine/device.js";
import { PRECISIONS } from "../graph/half.js";
import { JOINT_DEFAULTS } from "../methods/joint/options.js";
import { SYNC_DEFAULTS } from "../methods/joint/sync-options.js";
import { methods } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import type { PaintFlags } from "./paint-action.js";
import { anchorName, number, wholeNumber } from "./values.js";

/** Adds the command to the program. */
export function paintCommand(program: Command, deps: CliDeps): void {
  const { steps, guidanceScale, negativePrompt } = JOINT_DEFAULTS;
  program
    .command("paint")
    .summary("paint a panorama from a prompt")
    .description(
      "Paint a panorama from a prompt, step by step, and keep the run: panorama.png, report.html to look at, run.json to repeat it.",
    )
    .argument("<prompt>", "what to paint, in quotes")
    .addOption(
      new Option("--method <name>", "sync: windows that agree (SyncDiffusion); multi: windows averaged only (MultiDiffusion)")
        .choices(Object.keys(methods))
        .default("sync"),
    )
    .option("--width <px>", "width of the panorama; default six windows", wholeNumber(1))
    .option("--height <px>", "height of the panorama; default one window", wholeNumber(1))
    .option("--loop", "close it to 360°: the right edge goes on at the left")
    .option("--no-loop", "leave it open (default)")
    .option("--seed <n>", "names the starting noise; drawn when absent, and always recorded", wholeNumber(0))
    .option("--steps <n>", `denoising steps (default: ${steps})`, wholeNumber(1))
    .option("--guidance <x>", `how strongly the prompt is followed (default: ${guidanceScale})`, number(Number.NEGATIVE_INFINITY))
    .option("--negative <text>", `what to paint less of (default: "${negativePrompt}")`)
    .option("--window <n>", "side of a window in latent pixels; default the model's own", wholeNumber(1))
    .option("--stride <n>", "from window to window in latent pixels; default a quarter of the window", wholeNumber(1))
    .option(
      "--weight <x>",
      `sync: how far windows are drawn to the anchor; default the checkpoint's advice, else ${SYNC_DEFAULTS.weight}`,
      number(0),
    )
    .option("--decay <x>", `sync: step i has weight · decay^i (default: ${SYNC_DEFAULTS.decay})`, number(0))
    .option("--sync-every <n>", `sync: only every n-th step (default: ${SYNC_DEFAULTS.syncEvery})`, wholeNumber(1))
    .option("--sync-steps <n>", "sync: only the first n steps; default all", wholeNumber(0))
    .option("--anchor <index>", `sync: the window that the others are drawn to, or "middle" (default: ${SYNC_DEFAULTS.anchor})`, anchorName)
    .option("--foreseen <n>", "keep the picture foreseen after every n-th step; 0: none", wholeNumber(0), 1)
    .option("--model <path>", "a checkpoint's folder or name; default the bundled one")
    .addOption(
      new Option("--device <name>", "where the networks run; auto takes the best there is").choices(DEVICE_CHOICES).default("auto"),
    )
    .addOption(new Option("--precision <name>", "of the U-Net; default float16 on cuda, float32 on cpu and webgpu").choices(PRECISIONS))
    .option("--batch <n>", "windows that one network call takes; default from memory", wholeNumber(1))
    .option("--threads <n>", "threads of the CPU; default all its cores", wholeNumber(1))
    .option("--out <dir>", "the run's folder; default veduta-out/<method>-<seed>")
    .option("--force", "replace a run that the folder holds already")
    .addHelpText(
      "after",
      '\nExamples:\n  veduta paint "mountains" --loop --seed 7\n  veduta paint "a misty lake at dawn" --method multi --width 1024 --out lake\n',
    )
    .action(async (prompt: string, flags: PaintFlags) => (await import("./paint-action.js")).paint(prompt, flags, deps));
}
