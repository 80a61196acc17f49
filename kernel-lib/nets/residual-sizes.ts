/** @file How large the residuals of ControlNets are beside what they are added to. */
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import { cast, mul, sqrt } from "../graph/ops/elementwise.js";
import { reduceMean } from "../graph/ops/reduce.js";
import { concat, expand, reshape, slice } from "../graph/ops/shape.js";
import { controlInputs, controlResiduals } from "./control-residuals.js";
import type { DenoisingNetwork, GuidedInput, GuidedRow, GuidedSize } from "./guided-denoiser.js";
import { convLayer } from "./layers.js";
import { checkpointParameters } from "./parameters.js";
import { timestepInput } from "./timestep-embedding.js";
import { timeEmbedding, unetEncoder } from "./unet-encoder.js";

/**
 * Root mean squares, [N,L+1], of the U-Net's L skips and its middle block under the prompt, and of what the ControlNets add to each. The negative
 * prompt's row takes no part.
 */
export const residualSizesProgram = (
  network: DenoisingNetwork,
): Program<GuidedSize, GuidedRow, Exclude<GuidedInput, "guidance" | "alpha" | "sigma">, "skips" | "residuals"> => ({
  name: "residualSizes",
  graph(size, N, memory) {
    const { unet: part, precision = "float32", embedding: source = "fed", controlNets = [] } = network;
    const { inChannels, blockOutChannels: channels, crossAttentionDim: D } = part.config;
    const graph = new Graph(memory);
    const p = checkpointParameters(graph, part, precision);
    const latent = cast(graph.input("latent", [N, inChannels, size.height, size.width]), precision);
    const embedding = cast(timestepInput(graph, part.config, source), precision); // [1,C0]
    const texts = graph.input("text", [size.texts, size.tokens, D]);
    const text = cast(expand(slice(texts, 0, size.texts - 1, size.texts), [N, size.tokens, D]), precision);
    const time = timeEmbedding(p, embedding, 4 * channels[0]);
    const encoded = unetEncoder(part.config, p, { h: convLayer(p, "conv_in", latent, channels[0], 3), time, text });
    const uses = controlInputs(graph, controlNets, size, (image) => cast(image, precision), [N]);
    const residuals = controlResiduals(uses, precision, { latent, embedding, text });
    const sizes = ({ skips, middle }: typeof encoded) =>
      concat(
        [...skips, middle].map((x) => rootMeanSquare(x, N)),
        1,
      ); // [N,L+1]
    graph.output("skips", sizes(encoded));
    graph.output("residuals", residuals ? sizes(residuals) : mul(sizes(encoded), 0));
    return graph;
  },
});

/** [N,…] -> [N,1], in float32. */
function rootMeanSquare(x: Value, N: number): Value {
  const exact = cast(x, "float32");
  return reshape(sqrt(reduceMean(mul(exact, exact), [1, 2, 3])), [N, 1]);
}
