/**
 * @file Training the ControlNet that follows a skyline (Zhang et al., arXiv:2302.05543): a copy of the U-Net's encoder whose residuals begin at zero. The
 * U-Net and the text encoder are the candidate's, and stay as they are.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lineThrough } from "../../../kernel-lib/conditions/horizon.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { clipText } from "../../../kernel-lib/nets/clip-text.js";
import { controlNet } from "../../../kernel-lib/nets/control-net.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { unet } from "../../../kernel-lib/nets/unet.js";
import { openCheckpoint } from "../../../kernel-lib/pipelines/stable-diffusion-parts.js";
import { readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { sharedFloats } from "../../train/layout.js";
import { type Feeder, initialParameter, type LossGraph, type SharedData, type Training } from "../../train/training.js";
import { measureSkyline } from "../check/skyline.js";
import { caption } from "../world/captions.js";
import { drawLabelled } from "../world/landscape.js";
import { skylineRows } from "../world/skyline.js";
import { skylineArchitecture } from "./configs.js";
import { DRAWING_WIDTH, SEEDS } from "./drawings.js";
import { CANDIDATE, STATE_FOLDER, saveSkyline, saveWith } from "./folder.js";
import { encodedDrawings, kindOf } from "./latents.js";
import { COUNT, noisyWindows, velocityLoss } from "./velocity.js";

const TOKENS = 24;
const SIDE = 128;
/** How often the caption is left out, so that the ControlNet learns to read the condition. Source: arXiv:2302.05543, section 3.3 */
const DROPPED = 0.5;

const loss: LossGraph = (graph, p) => {
  const checkpoint = openCheckpoint(CANDIDATE);
  const [denoiser, encoder] = [checkpoint.part("unet"), checkpoint.part("text_encoder")];
  return velocityLoss(graph, denoiser.config, (latent, embedding) => {
    const ids = graph.input("ids", [COUNT, TOKENS], "int32");
    const text = clipText(encoder.config, checkpointParameters(graph, encoder), ids).lastHiddenState; // [N,24,64]
    const image = graph.input("condition", [COUNT, 3, SIDE, SIDE]);
    const scale = graph.constant([1], [1]);
    const residuals = controlNet(skylineArchitecture(), p, { latent, embedding, text, image, scale });
    return unet(denoiser.config, checkpointParameters(graph, denoiser), latent, embedding, text, { residuals });
  });
};

export const skylineTraining = (): Training => ({
  name: "skyline",
  seed: 12,
  learningRate: 4e-4,
  weightDecay: 0,
  averaging: 0.999,
  microBatches: 2,
  rows: COUNT,
  loss,
  prepare: drawingsWithSkylines,
  feeder: (shared) => skylineFeeder(shared),
  initial: copiedEncoder(),
  save: saveWith("skyline", saveSkyline),
  measure: measureSkyline,
});

/** The U-Net's own numbers where it has the parameter; zero for what adds to it, so that training begins with the plain U-Net. */
function copiedEncoder(): Training["initial"] {
  let weights: ReturnType<typeof readSafetensors> | undefined;
  return (key, shape, rng) => {
    weights ??= readSafetensors(join(CANDIDATE, "unet/diffusion_pytorch_model.safetensors"));
    const own = weights[key];
    if (own) return own.data.slice();
    if (/^controlnet_(down_blocks|mid_block)|conv_out/.test(key)) return new Float32Array(shape.reduce((n, d) => n * d, 1));
    return initialParameter(key, shape, rng);
  };
}

/** The encoded drawings, and the skyline of each: `skylines`, rows [256]. */
async function drawingsWithSkylines(): Promise<SharedData> {
  const { latents, kinds } = await encodedDrawings();
  const count = kinds.length / 3;
  const file = join(STATE_FOLDER, `skylines-${SEEDS.diffusion}-${count}.safetensors`);
  const skylines = sharedFloats(count * DRAWING_WIDTH);
  if (existsSync(file)) skylines.set(readSafetensors(file).rows.data);
  else {
    for (let k = 0; k < count; k++)
      skylines.set(skylineRows(drawLabelled(createRng(SEEDS.diffusion * 1_000_000 + k), { width: DRAWING_WIDTH })), k * DRAWING_WIDTH);
    writeSafetensors(file, { rows: { data: new Float32Array(skylines), shape: [count, DRAWING_WIDTH] } });
  }
  return { latents, kinds, skylines };
}

/** Draws windows of the encoded drawings with captions, noise, timesteps and the skyline of each as a white line. */
function skylineFeeder({ latents, kinds, skylines }: SharedData): Feeder {
  const checkpoint = openCheckpoint(CANDIDATE);
  const tokenizer = checkpoint.part("tokenizer");
  const { config } = checkpoint.part("unet");
  const schedule = createSchedule(checkpoint.part("scheduler"));
  return (rng) => {
    const ids = new Int32Array(COUNT * TOKENS);
    const plane = SIDE * SIDE;
    const condition = new Float32Array(COUNT * 3 * plane);
    const windows = noisyWindows(rng, latents, schedule, config, (row, drawing, left) => {
      ids.set(tokenizer.encode(rng.uniform() < DROPPED ? "" : caption(rng, kindOf(kinds, drawing))).ids, row * TOKENS);
      const { data } = lineThrough(windowRows(skylines, drawing, 8 * left), { width: SIDE, height: SIDE });
      for (let c = 0; c < 3; c++) condition.set(data, (3 * row + c) * plane);
    });
    return { ...windows, ids: { data: ids, shape: [COUNT, TOKENS] }, condition: { data: condition, shape: [COUNT, 3, SIDE, SIDE] } };
  };
}

/** The skyline of a window, [128]: rows of `latents` are drawings and their mirror images in turn. @param left in pixels */
export function windowRows(skylines: Float32Array, drawing: number, left: number): Float32Array {
  const all = skylines.subarray((drawing >> 1) * DRAWING_WIDTH, ((drawing >> 1) + 1) * DRAWING_WIDTH);
  return Float32Array.from({ length: SIDE }, (_, x) => all[drawing % 2 === 1 ? DRAWING_WIDTH - 1 - left - x : left + x]);
}
