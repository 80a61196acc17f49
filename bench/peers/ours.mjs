/**
 * @file Veduta's side of `npm run bench -- peers`, in a process of its own: `node ours.mjs step|block|vgg FOLDER`. For each line of standard input it
 * works once and prints { wall, processor } in seconds; at the end { peak } in MiB. `step` writes feed.json and feed.safetensors for its peers first.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { openSession } from "#kernel-lib/engine/session.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { peakMiB } from "../memory.mjs";
import { THREADS } from "../race.mjs";
import { withGradient } from "../ratios.mjs";

const [what, folder] = process.argv.slice(2);
const say = (/** @type {object} */ words) => console.log(JSON.stringify(words));

/** @param {() => Promise<import("#kernel-lib/core/tensor.js").Tensor | undefined>} work the latent, of a step */
async function eachLine(work) {
  say({ ready: "Veduta" });
  for await (const _ of createInterface({ input: process.stdin })) {
    const [begun, used] = [performance.now(), process.cpuUsage()];
    const latent = await work();
    const { user, system } = process.cpuUsage(used);
    const took = { wall: (performance.now() - begun) / 1000, processor: (user + system) / 1e6 };
    say({ ...took, ...(latent && { latent: Buffer.from(Float32Array.from(latent.data).buffer).toString("base64") }) });
  }
}

/** The main job: 24 windows of a closed panorama of the bundled model, every step synchronised. */
async function steps() {
  const model = await openModel("tiny-landscapes", { device: "cpu", threads: THREADS });
  const [prompt, guidance] = ["mountains", 7.5];
  const text = await model.encodeText(["", prompt]); // [2,tokens,D]
  const latent = randn(createRng(7), [1, model.config.latentChannels, 16, 96]);
  const run = syncDiffusion(model, { prompt, text, latent, width: 768, loop: true, guidanceScale: guidance });
  const { windows, weight, decay, anchor, steps: count } = run.options;
  const feed = {
    model: model.path,
    side: windows[0].width,
    lefts: windows.map(({ left }) => left),
    anchor,
    weight,
    decay,
    guidance,
    steps: count,
  };
  writeFileSync(join(folder, "feed.json"), JSON.stringify(feed));
  writeSafetensors(join(folder, "feed.safetensors"), { noise: latent, text });
  await eachLine(async () => {
    const { value } = await run.next();
    return value.latent;
  });
  await model.close();
}

/** Forward and gradient of a network. @param {"block" | "vgg"} name */
async function gradients(name) {
  const { graph, discard } = withGradient(name);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: THREADS });
  const rng = createRng(2);
  const feeds = Object.fromEntries(graph.inputs.map((input) => [input.name, randn(rng, input.shape)]));
  await eachLine(async () => void (await session.run(feeds)));
  await session.release();
  discard();
}

if (what === "block" || what === "vgg") await gradients(what);
else await steps();
say({ peak: peakMiB() });
