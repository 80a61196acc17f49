/**
 * Golden: controlnet/*.safetensors, the official SyncControlNet pipeline of SyncDiffusion over diffusers 0.21.4 on small random checkpoints in float32:
 * a ControlNet's residuals, its gradients through the U-Net, and whole runs with guidance, guess mode and intervals. Limits: golden/README.md's for
 * gradients, and those of controlnet/README.md.
 */
import { readFileSync } from "node:fs";
import {
  createSchedule,
  crop,
  cropAll,
  type Model,
  multiDiffusion,
  openModel,
  rows,
  stack,
  syncDiffusion,
  type Tensor,
  x0FromEps,
} from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { type ControlNetConfig, conditionEmbedding, controlNet } from "#kernel-lib/nets/control-net.js";
import { checkpointParameters, under } from "#kernel-lib/nets/parameters.js";
import { timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { unet } from "#kernel-lib/nets/unet.js";
import { openControlNet } from "#kernel-lib/pipelines/control-part.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { followRun } from "./follow.mjs";
import { golden, maxOverStd, perceptualFiles, readGolden, relativeL2, unless } from "./golden.mjs";

const NET = "controlnet/controlnet-tiny";
const UNIT = "controlnet/unit.safetensors";
const why = unless(UNIT, `${NET}/config.json`, "sd1-tiny/model_index.json");

describe.skipIf(why)(`a ControlNet equals diffusers'${why}`, () => {
  const runtime = startRuntime({ device: "cpu", threads: 1 });
  afterAll(() => runtime.close());
  const g = readGolden(UNIT);
  const folder = why ? undefined : openCheckpoint(golden("sd1-tiny"));
  const opened = folder && openControlNet(golden(NET), { path: folder.path, unet: folder.part("unet") });

  interface Call {
    readonly timestep?: number;
    readonly scale?: number;
    readonly scales?: "equal" | "guess";
    readonly image?: Tensor;
    readonly changes?: Partial<ControlNetConfig>;
  }
  /** Runs a graph over the ControlNet and its inputs. */
  async function run(
    build: (
      net: ReturnType<typeof controlNet>,
      inputs: Readonly<Record<"latent" | "text" | "image" | "embedding", Value>>,
      graph: Graph,
    ) => void,
    { timestep = 501, scale = 1, scales = "equal", image = g.cond, changes }: Call = {},
  ) {
    const graph = new Graph();
    const config = { ...opened!.config, ...changes };
    const embedding = timestepEmbedding(config, [timestep]);
    const feeds = { latent: g.sample, text: g.context, image, embedding, scale: { data: Float32Array.of(scale), shape: [1] } };
    const input = (name: keyof typeof feeds) => graph.input(name, feeds[name].shape);
    const inputs = { latent: input("latent"), text: input("text"), image: input("image"), embedding: input("embedding") };
    const p = checkpointParameters(graph, opened!);
    build(controlNet(config, p, { ...inputs, scale: input("scale") }, scales), inputs, graph);
    const session = await runtime.open(graph);
    const found = await session.run(feeds);
    await session.release();
    return found;
  }
  const both = (x: Tensor) => stack([x, x]);
  const flipped = (x: Tensor): Tensor => {
    const plane = x.shape[2] * x.shape[3];
    const from = (k: number) => Math.floor(k / (3 * plane)) * 3 * plane + (2 - (Math.floor(k / plane) % 3)) * plane + (k % plane);
    return { data: x.data.map((_, k) => x.data[from(k)]), shape: x.shape };
  };

  const CASES: readonly (readonly [string, () => Call])[] = [
    ["t981", () => ({ timestep: 981 })],
    ["t1", () => ({ timestep: 1 })],
    ["scale0.6", () => ({ scale: 0.6 })],
    ["guess", () => ({ scales: "guess" })],
    ["broadcast", () => ({ image: both(g.single_cond) })],
    ["bgr", () => ({ changes: { channelOrder: "bgr" } })],
    ["pooled", () => ({ changes: { residuals: "pooled" } })],
  ];
  test.each(CASES)("%s: every residual within 5e-5 of its std", async (tag, call) => {
    const found = await run(({ skips, middle }, _, graph) => {
      for (const [i, skip] of skips.entries()) graph.output(`down${String(i).padStart(2, "0")}`, skip);
      graph.output("mid", middle);
    }, call());
    expect(Object.keys(found)).toHaveLength(10);
    for (const [name, { data, shape }] of Object.entries(found)) {
      const want = g[`${tag}.${name}`];
      expect(shape, name).toEqual(want.shape);
      expect(maxOverStd(data, want.data), name).toBeLessThan(5e-5);
    }
  });

  test("the condition's embedding; a condition turned around is not the same", async () => {
    const embedded = (image?: Tensor) =>
      run(
        (_, { image }, graph) =>
          graph.output(
            "embedded",
            conditionEmbedding(opened!.config, under(checkpointParameters(graph, opened!), "controlnet_cond_embedding"), image),
          ),
        { image },
      );
    expect(maxOverStd((await embedded()).embedded.data, g.cond_embedding.data)).toBeLessThan(5e-5);
    expect(maxOverStd((await embedded(flipped(g.cond))).embedded.data, g.cond_embedding.data)).toBeGreaterThan(0.05);
  });

  test.each([
    ["joint", "equal"],
    ["joint_guess", "guess"],
  ] as const)("%s: the U-Net with residuals within 5e-5, its gradients to sample, condition and text within 2e-5", async (tag, scales) => {
    const found = await run(
      (residuals, { latent, text, image, embedding }, graph) => {
        const part = folder!.part("unet");
        const eps = unet(part.config, checkpointParameters(graph, part), latent, embedding, text, { residuals });
        const grads = gradient(graph, mul(eps, eps), [latent, image, text]);
        for (const [name, value] of Object.entries({ eps, grad_sample: grads[0], grad_cond: grads[1], grad_context: grads[2] }))
          graph.output(name, value);
      },
      { scale: 0.8, scales },
    );
    expect(maxOverStd(found.eps.data, g[`${tag}.eps`].data)).toBeLessThan(5e-5);
    for (const name of ["grad_sample", "grad_cond", "grad_context"])
      expect(relativeL2(found[name].data, g[`${tag}.${name}`].data), name).toBeLessThan(2e-5);
  });
});

interface Case {
  readonly name: string;
  /** largest difference of the latent at any step, over its standard deviation */
  readonly limit: number;
  readonly used: readonly boolean[];
  readonly synced?: number;
}
const all = (steps: number) => Array<boolean>(steps).fill(true);
const CASES: readonly Case[] = [
  { name: "multi", limit: 1e-4, used: all(4) },
  { name: "multi_interval", limit: 1e-4, used: [false, true, true, false] },
  { name: "multi_unguided", limit: 1e-4, used: all(3) },
  { name: "sync", limit: 1e-2, used: all(4), synced: 4 },
  { name: "sync_guess_thres2", limit: 1e-2, used: all(4), synced: 2 },
];

describe.each(CASES.map((each) => ({ ...each, skipped: why || unless(`controlnet/${each.name}.json`) })))(
  "$name follows the official SyncControlNet$skipped",
  ({ name, limit, used, synced = 0, skipped }) => {
    const g = readGolden(`controlnet/${name}.safetensors`);
    const { call, ...facts } = skipped ? { call: {} } : JSON.parse(readFileSync(golden(`controlnet/${name}.json`), "utf8"));
    const windows = skipped
      ? []
      : Array.from({ length: g.views.shape[0] }, (_, k) => {
          const [top, bottom, left, right] = rows(g.views, k, k + 1).data;
          return { top, left, height: bottom - top, width: right - left };
        });
    const mode = call.guess_mode ? ("guess" as const) : ("balanced" as const);
    const scale = call.controlnet_conditioning_scale ?? 1;
    let model: Model;
    beforeAll(async () => {
      if (skipped) return;
      const perceptual = perceptualFiles("vgg");
      model = await openModel(golden("sd1-tiny"), { device: "cpu", threads: 1, perceptual, control: golden(NET) });
    });
    afterAll(() => model?.close());

    test.skipIf(skipped)(`latents at every step within ${limit} of their std, and the picture`, async () => {
      const control = { image: g.cond_image, scale, mode, start: call.control_guidance_start, end: call.control_guidance_end };
      const shared = {
        latent: g.init_latent,
        text: g.text_embeds,
        windows,
        steps: facts.num_inference_steps,
        guidanceScale: call.guidance_scale,
      };
      const options = {
        ...shared,
        control: Object.fromEntries(Object.entries(control).filter(([, value]) => value !== undefined)) as typeof control,
      };
      const sync = { ...options, weight: call.sync_weight, decay: call.sync_decay_rate, syncSteps: call.sync_thres };
      const run = synced > 0 ? syncDiffusion(model, sync) : multiDiffusion(model, options);
      const { errors, records, result } = await followRun(run, { checkpoint: "", options: {}, tensors: g });
      for (const [step, error] of errors.entries()) expect(error, `step ${step}`).toBeLessThan(limit);
      expect(records.map(({ control }) => control)).toEqual(used.map((used) => [{ scale, used }]));
      if (synced === 0) {
        const worst = result.panorama.data.reduce((most, x, k) => Math.max(most, Math.abs(x - g.final_image.data[k])), 0);
        expect(worst).toBeLessThan(1e-4);
      }
    });

    test.runIf(!skipped && synced > 0)("gradients from the stored latents within 1e-2, losses within 1e-5", async () => {
      const anchor = facts.anchor_view_idx;
      const schedule = createSchedule(model.config.schedule);
      const image = (places: typeof windows) =>
        cropAll(
          g.cond_image,
          places.map(({ top, left, height, width }) => ({ top: 8 * top, left: 8 * left, height: 8 * height, width: 8 * width })),
        );
      const others = (x: Tensor) => stack([rows(x, 0, anchor), rows(x, anchor + 1, windows.length)]);
      for (let step = 0; step < synced; step++) {
        const before = step === 0 ? g.init_latent : { ...rows(g.latents_after_step, step - 1, step), shape: g.init_latent.shape };
        const level = schedule.level(g.timesteps.data[step]);
        const ask = (places: typeof windows) => ({
          timestep: level.t,
          text: g.text_embeds,
          guidanceScale: call.guidance_scale ?? 7.5,
          controls: [{ net: 0, image: image(places), scale, mode }],
        });
        const xa = crop(before, windows[anchor]);
        const foreseen = await model.decode(x0FromEps(xa, await model.predictNoise(xa, ask([windows[anchor]])), level));
        const places = windows.filter((_, k) => k !== anchor);
        const { loss, gradient } = await model.perceptualGradient(cropAll(before, places), { ...ask(places), anchor: foreseen });
        const row = (x: Tensor): Tensor => ({ data: rows(x, step, step + 1).data, shape: x.shape.slice(1) });
        expect(relativeL2(gradient.data, others(row(g.window_grad)).data), `gradient of step ${step}`).toBeLessThan(1e-2);
        const wanted = others(row(g.window_loss));
        for (const [k, x] of loss.data.entries()) expect(Math.abs(x / wanted.data[k] - 1), `loss ${k} of step ${step}`).toBeLessThan(1e-5);
      }
    });
  },
);
