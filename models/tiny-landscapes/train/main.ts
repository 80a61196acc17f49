/** @file `npm run models:train`: trains the parts one after the other; run again, it goes on where it stopped. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Device } from "../../../kernel-lib/engine/device.js";
import { autoencoderTask } from "./autoencoder.js";
import { classifierTask } from "./classifier.js";
import { judgeArchitecture, perceptualArchitecture } from "./configs.js";
import { diffusionTask } from "./diffusion.js";
import { SEEDS } from "./drawings.js";
import { FOLDER, saveFixedFiles, saveJudge, savePerceptual } from "./folder.js";
import type { Task } from "./trainer.js";
import { train } from "./trainer.js";

/** Minutes on two cores that each part is given where --minutes does not say otherwise. */
const PARTS = {
  perceptual: { minutes: 5, seed: 1, task: () => classifierTask("perceptual", perceptualArchitecture(), SEEDS.perceptual, savePerceptual) },
  judge: { minutes: 6, seed: 2, task: () => classifierTask("judge", judgeArchitecture(), SEEDS.judge, saveJudge) },
  autoencoder: { minutes: 45, seed: 3, task: autoencoderTask },
  diffusion: { minutes: 120, seed: 4, task: diffusionTask },
} satisfies Record<string, { minutes: number; seed: number; task: () => Task | Promise<Task> }>;
type PartName = keyof typeof PARTS;
const isPart = (name: string): name is PartName => Object.hasOwn(PARTS, name);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string" },
    device: { type: "string", default: "cpu" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const names = positionals.length ? positionals : Object.keys(PARTS);
for (const name of names)
  if (!isPart(name)) {
    console.error(`models:train: got part "${name}", want some of ${Object.keys(PARTS).join(", ")}`);
    process.exit(2);
  }
saveFixedFiles();
for (const name of names.filter(isPart)) {
  const { minutes, seed, task } = PARTS[name];
  await train(await task(), {
    stateFolder: join(FOLDER, "../../.work/train"),
    logFolder: join(FOLDER, "logs"),
    minutes: values.minutes ? Number(values.minutes) : minutes,
    device: values.device as Device,
    threads: Number(values.threads),
    seed,
  });
}
