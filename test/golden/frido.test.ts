/**
 * Golden: frido/*.safetensors, the official Frido code (commit b2f9e28) on small random networks in float32; limits: three times the distance
 * between its float32 and float64 runs (golden/frido/README.md, "Tolerances").
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { guide } from "#kernel-lib/diffusion/guidance.js";
import { plmsAhead, plmsStart, plmsStep } from "#kernel-lib/diffusion/plms.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { cast, mul } from "#kernel-lib/graph/ops/elementwise.js";
import { msVqganDecode, msVqganEncode, msVqganReconstruct } from "#kernel-lib/nets/ms-vqgan.js";
import { msVqganConfig } from "#kernel-lib/nets/ms-vqgan-config.js";
import { inputParameters, type Parameters } from "#kernel-lib/nets/parameters.js";
import { golden, has, maxOverStd, readGolden, relativeL2, unless } from "./golden.mjs";
import { hashWeights } from "./hash-weights.js";

const CONFIG = "frido/config.json";
const skipped = !has(CONFIG);
const why = unless(CONFIG);
const config = skipped ? undefined : JSON.parse(readFileSync(golden(CONFIG), "utf8"));

/** [max/std, relative L2] */
const LIMITS = { encoder: [3e-5, 4.5e-6], image: [3.6e-5, 4.8e-6], gradient: [1.1e-4, 1.1e-5], sample: [3.9e-5, 3.9e-6] } as const;
const LOSS = 2.5e-6;

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

function expectNear(got: Tensor, want: Tensor, what: keyof typeof LIMITS, name: string): void {
  expect(got.shape, name).toEqual(want.shape);
  expect(maxOverStd(got.data, want.data), `${name}, max/std`).toBeLessThan(LIMITS[what][0]);
  expect(relativeL2(got.data, want.data), `${name}, relative L2`).toBeLessThan(LIMITS[what][1]);
}

/** Runs a graph whose parameters are inputs. */
async function run(
  weights: ReadonlyMap<string, Tensor>,
  feeds: Readonly<Record<string, Tensor>>,
  build: (p: Parameters, graph: Graph) => Readonly<Record<string, Value>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const graph = new Graph();
  const p = inputParameters(graph, "");
  for (const [name, value] of Object.entries(build(p, graph))) graph.output(name, cast(value, "float32"));
  const session = await runtime.open(graph);
  const parameters = [...p.all.keys()].map((name) => [name, weights.get(name) as Tensor]);
  const results = await session.run({ ...feeds, ...Object.fromEntries(parameters) });
  await session.release();
  return results as Readonly<Record<string, Tensor>>;
}

describe.skipIf(skipped).each([
  { network: "msvqgan", file: "golden_msvqgan", names: ["coarse", "fine"], params: config?.model.first_stage_config.params },
  { network: "msvqgan3", file: "golden_msvqgan3", names: ["coarse", "mid", "fine"], params: config?.three_scales.first_stage_config },
])(`MS-VQGAN with scales $names${why}`, ({ network, file, names, params }) => {
  const g = readGolden(`frido/${file}.safetensors`);
  const { weights, asOfficial } = skipped
    ? { weights: new Map<string, Tensor>(), asOfficial: false }
    : hashWeights("frido/weights.json", network);
  const read = (changes: object = {}) => msVqganConfig("first_stage/config.json", { ...params, ...changes });
  const codesOf = (list: readonly Value[]) => Object.fromEntries(list.map((codes, s) => [`codes_${names[s]}`, codes]));
  const expectCodes = (got: Readonly<Record<string, Tensor>>, prefix: string) => {
    for (const name of names) expect(got[`codes_${name}`].data, name).toEqual(g[`${prefix}codes_${name}`].data);
  };

  test("the weights are those of the official run", () => expect(asOfficial).toBe(true));

  test("parameters have the names and shapes of the official state dict", () => {
    const graph = new Graph();
    const p = inputParameters(graph, "");
    msVqganReconstruct(read(), p, graph.input("image", g.image.shape));
    const shapes = (list: ReadonlyMap<string, { readonly shape: readonly number[] }>) =>
      Object.fromEntries([...list].map(([name, { shape }]) => [name, [...shape]]));
    expect(shapes(p.all)).toEqual(shapes(weights));
  });

  test("encoding: the maps of each scale, their codes, and the latent", async () => {
    const got = await run(weights, { image: g.image }, (p, graph) => {
      const { scales, latent } = msVqganEncode(read(), p, graph.input("image", g.image.shape));
      const maps = scales.flatMap(({ raw, features, straight, vectors }, s) =>
        Object.entries({
          [`enc.raw_${names[s]}`]: raw,
          [`enc.${names[s]}.prequant`]: features,
          [`enc.${names[s]}.quant`]: straight,
          [`${names[s]}.vectors`]: vectors,
        }),
      );
      return { ...Object.fromEntries(maps), ...codesOf(scales.map(({ codes }) => codes)), "interface.encode": latent };
    });
    for (const [name, result] of Object.entries(got)) if (g[name]) expectNear(result, g[name], "encoder", name);
    for (const name of names) expect(relativeL2(got[`${name}.vectors`].data, got[`enc.${name}.quant`].data)).toBeLessThan(1e-7);
    expectCodes(got, "train.");
  });

  const decode = (latent: Tensor) => {
    return run(weights, { z: latent }, (p, graph) => {
      const z = graph.input("z", latent.shape);
      const { image, codes } = msVqganDecode(read(), p, z);
      return { decoded: image, ...codesOf(codes), gradient: gradient(graph, mul(image, image), z) };
    });
  };

  test("decoding an encoded picture: the picture and its codes at the finest resolution", async () => {
    const got = await decode(g["interface.encode"]);
    expectCodes(got, "interface.decode_of_encode.");
    expectNear(got.decoded, g["interface.decode_of_encode"], "image", "decoded");
  });

  // the official run with three scales has none
  test.skipIf(!g["given.latent"])("decoding a given latent: the picture, its codes, and the gradient straight through", async () => {
    const got = await decode(g["given.latent"]);
    expectCodes(got, "given.");
    expectNear(got.decoded, g["given.decoded"], "image", "decoded");
    expectNear(got.gradient, g["given.grad_latent_sum_dec2"], "gradient", "gradient");
  });

  test.each([true, false])("training (legacy %s): the picture again, the codebook loss, and their gradients", async (legacy) => {
    const got = await run(weights, { image: g.image }, (p, graph) => {
      const input = graph.input("image", g.image.shape);
      const { image, codebookLoss } = msVqganReconstruct(read({ legacy }), p, input);
      const books = names.map((_, s) => graph.inputs.find(({ name }) => name === `ms_quantize.${s}.embedding.weight`) as Value);
      const [dImage, ...dBooks] = gradient(graph, codebookLoss, [input, ...books]);
      return {
        decoded: image,
        loss: codebookLoss,
        decGradient: gradient(graph, mul(image, image), input),
        lossGradient: dImage,
        ...Object.fromEntries(dBooks.map((d, s) => [`book_${names[s]}`, d])),
      };
    });
    expectNear(got.decoded, g["train.decode"], "image", "decoded");
    expect(Math.abs(got.loss.data[0] / g["train.emb_loss"].data[0] - 1)).toBeLessThan(LOSS);
    const suffix = legacy ? "" : "_legacy_false";
    const gradients = {
      decGradient: "train.grad_image_sum_dec2",
      lossGradient: `train.grad_image_emb_loss${suffix}`,
      ...Object.fromEntries(names.map((name) => [`book_${name}`, `train.grad_codebook_${name}_emb_loss${suffix}`])),
    };
    for (const [name, key] of Object.entries(gradients)) if (g[key]) expectNear(got[name], g[key], "gradient", key);
  });
});

describe.skipIf(skipped)(`the schedule and PLMS${why}`, () => {
  const schedule = createSchedule({
    betaStart: config?.model.linear_start ?? 0.0015,
    betaEnd: config?.model.linear_end ?? 0.0155,
    betaSchedule: "scaled_linear",
    trainTimesteps: 1000,
    stepsOffset: 1,
    setAlphaToOne: false,
    prediction: "epsilon",
    precision: "float64",
  });

  test("every alphaBar is bit-identical", () =>
    expect(schedule.alphaBar).toEqual(readGolden("frido/golden_schedule_loss.safetensors").alphas_cumprod.data));

  /** Channels [from, to) of [N,C,h,w]. */
  const channels = ({ data, shape: [N, C, H, W] }: Tensor, from: number, to: number): Tensor => {
    const out = new Float32Array(N * (to - from) * H * W);
    for (let n = 0; n < N; n++) out.set(data.subarray((n * C + from) * H * W, (n * C + to) * H * W), n * (to - from) * H * W);
    return { data: out, shape: [N, to - from, H, W] };
  };

  test.each(["plms", "plms_gs2"])("%s: every step of both stages, chained, with the stored predictions", (name) => {
    const g = readGolden(`frido/golden_${name}.safetensors`);
    const timesteps = [...g.ddim_timesteps.data].reverse();
    const path = schedule.path(timesteps.length, { timesteps });
    const { gs } = config.cases[name];
    for (const [stage, E] of (config.model.first_stage_config.params.embed_dim as number[]).entries()) {
      const own = (x: Tensor) => channels(x, stage * E, (stage + 1) * E); // the stages' channels are equally many
      let [x, state] = [own(g[`stage${stage}.x_in`]), plmsStart()];
      for (const hop of path) {
        const key = `step.${String(hop.index).padStart(2, "0")}.stage${stage}`;
        const call = (k: number) => g[`${key}.model_output.${k}`];
        const guided = (k: number) => (gs === 1 ? call(k) : guide(call(2 * k + 1), call(2 * k), gs));
        const ahead = plmsAhead(state, x, guided(0), hop);
        expect(ahead?.timestep).toBe(hop.index === 0 ? path[1].now.t : undefined);
        const step = plmsStep(state, x, guided(0), hop, ahead && guided(1));
        expect(g[`${key}.t`].data[0]).toBe(hop.now.t);
        expectNear(step.x0, own(g[`${key}.pred_x0`]), "sample", `${key}.pred_x0`);
        expectNear(step.prev, own(g[`${key}.x_prev`]), "sample", `${key}.x_prev`);
        ({ state, prev: x } = step);
      }
    }
  });

  test.each(["ddim_eta0", "ddim_eta1_gs2", "ddim_S5"])(
    "%s: every step of both stages, chained, with the stored predictions and noise",
    (name) => {
      const g = readGolden(`frido/golden_${name}.safetensors`);
      const timesteps = [...g.ddim_timesteps.data].reverse();
      const { gs, eta } = config.cases[name];
      let draws = 0; // noise is drawn for all channels so far, in the order of the steps
      for (const [stage, E] of (config.model.first_stage_config.params.embed_dim as number[]).entries()) {
        const own = (x: Tensor) => channels(x, stage * E, (stage + 1) * E);
        let x = own(g[`stage${stage}.x_in`]);
        for (const { index, now, next } of schedule.path(timesteps.length, { timesteps })) {
          const key = `step.${String(index).padStart(2, "0")}.stage${stage}`;
          const [cond, uncond] = [0, 1].map((k) => g[`${key}.model_output.${k}`]);
          const noise = own(g[`noise.${String(draws++).padStart(2, "0")}`]);
          const step = ddimStep(x, gs === 1 ? cond : guide(uncond, cond, gs), now, next, {
            stochastic: eta ? { eta, noise } : undefined,
          });
          expectNear(step.x0, own(g[`${key}.pred_x0`]), "sample", `${key}.pred_x0`);
          expectNear(step.prev, own(g[`${key}.x_prev`]), "sample", `${key}.x_prev`);
          x = step.prev;
        }
      }
    },
  );
});
