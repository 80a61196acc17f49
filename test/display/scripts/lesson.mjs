/** A lesson's code as a plain script: what a notebook would show becomes files. Run by node, deno and bun; VEDUTA_OUT names the folder. */
import { image, multiDiffusion, panoramaView, table, tensor, track, zeros } from "../../../dist/kernel-lib/index.js";

/**
 * A model without networks: it foresees what it has.
 * @type {import("../../../dist/kernel-lib/index.js").JointModel}
 */
const model = {
  config: {
    latentChannels: 4,
    scaleFactor: 8,
    window: 8,
    schedule: {
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: "scaled_linear",
      trainTimesteps: 1000,
      stepsOffset: 1,
      setAlphaToOne: false,
      prediction: "epsilon",
    },
  },
  encodeText: async (prompts) => zeros([prompts.length, 1, 1]),
  tokenize: async () => ({ ids: [0], truncated: false }),
  predictNoise: async (latent) => latent,
  decode: async ({ shape: [n, , h, w] }) =>
    tensor(
      Float32Array.from({ length: n * 3 * 64 * h * w }, (_, k) =>
        Math.sin(((k % (8 * w)) / (8 * w)) * 2 * Math.PI + Math.floor(k / (64 * h * w))),
      ),
      [n, 3, 8 * h, 8 * w],
    ),
  perceptualGradient: async () => ({ loss: zeros([0]), gradient: zeros([0]) }),
};

const { panorama, steps } = await track(multiDiffusion(model, { prompt: "waves", width: 384, steps: 5, loop: true, seed: 1 }));
panoramaView(panorama, { title: "Waves" }).show(); // not awaited: the script ends when all is shown
table([{ step: steps.length, mean: 0.5 }]).show();
if (process.argv[2] !== "short") image(panorama, { title: "flat" }).show();
