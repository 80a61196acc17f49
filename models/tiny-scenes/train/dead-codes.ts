/** @file Codes that nothing uses get no gradient from the codebook loss and stay dead: they are replaced by features of fresh drawings. */
import { availableParallelism } from "node:os";
import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { cast } from "../../../kernel-lib/graph/ops/elementwise.js";
import { msVqganEncode } from "../../../kernel-lib/nets/ms-vqgan.js";
import type { MsVqganConfig } from "../../../kernel-lib/nets/ms-vqgan-config.js";
import { inputParameters } from "../../../kernel-lib/nets/parameters.js";
import { drawing, randomCrops, SEEDS } from "../../tiny-landscapes/train/drawings.js";
import type { Replacement, Reviser } from "../../train/training.js";

/** Pictures of a network call, and calls: 4,096 coarse features and 16,384 fine ones. */
const COUNT = 16;
const CALLS = 4;
const SIDE = 128;
const PREFIX = "parameter:";

/** A reviser that replaces each code which no feature of 64 drawings is nearest to by one of these features, drawn at random. */
export async function deadCodes(config: MsVqganConfig): Promise<Reviser> {
  const graph = new Graph();
  const p = inputParameters(graph, PREFIX);
  const { scales } = msVqganEncode(config, p, graph.input("image", [COUNT, 3, SIDE, SIDE]));
  for (const [s, { features, codes }] of scales.entries()) {
    graph.output(`features${s}`, features); // [N,E,h,w]
    graph.output(`codes${s}`, cast(codes, "float32")); // [N,h·w]
  }
  const keys = [...p.all.keys()];
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: availableParallelism() });
  return {
    async revise(parameters, rng) {
      const own = Object.fromEntries(
        keys.map((key) => [PREFIX + key, { data: parameters[key].data.slice(), shape: parameters[key].shape }]),
      );
      const results: Readonly<Record<string, Tensor>>[] = [];
      for (let call = 0; call < CALLS; call++) {
        const drawings = Array.from({ length: COUNT }, () => drawing(SEEDS.codes, rng.below(1_000_000)));
        const { data, shape } = randomCrops(rng, drawings, COUNT, SIDE);
        results.push(await session.run({ ...own, image: { data, shape } }));
      }
      return config.codes.flatMap((size, s) => {
        const used = new Set(results.flatMap((result) => [...result[`codes${s}`].data]));
        return replacements(
          s,
          [...Array(size).keys()].filter((code) => !used.has(code)),
          results.map((result) => result[`features${s}`]),
          rng,
        );
      });
    },
    close: () => session.release(),
  };
}

/** A random pixel's feature for each dead code of a scale. */
function replacements(scale: number, dead: readonly number[], features: readonly Tensor[], rng: Rng): Replacement[] {
  return dead.map((code) => {
    const { data, shape } = features[rng.below(features.length)];
    const [N, E, h, w] = shape;
    const [row, pixel] = [rng.below(N), rng.below(h * w)];
    return {
      key: `ms_quantize.${scale}.embedding.weight`,
      from: code * E,
      values: Float32Array.from({ length: E }, (_, c) => data[(row * E + c) * h * w + pixel]),
    };
  });
}
