/** @file The noise that a U-Net without text predicts. Timestep and noise level are inputs, so one session serves a whole run. */
import type { ScheduleConfig } from "../diffusion/schedule.js";
import type { Program } from "../engine/program.js";
import { Graph } from "../graph/graph.js";
import { inPrecision, type Precision } from "../graph/half.js";
import { cast } from "../graph/ops/elementwise.js";
import { fromOutput } from "./guided-denoiser.js";
import { checkpointParameters, type Part } from "./parameters.js";
import { timestepInput } from "./timestep-embedding.js";
import { type UnconditionalUNetConfig, unconditionalUNet } from "./unconditional-unet.js";
import type { LatentSize } from "./vae.js";

/** A network without text that predicts noise, and what its output means. */
export interface UnconditionalNetwork {
  readonly unet: Part<UnconditionalUNetConfig>;
  readonly prediction: ScheduleConfig["prediction"];
  /** of the U-Net's weights and activations; everything before and after it is in float32. Default "float32". */
  readonly precision?: Precision;
  /** whether the timestep embedding is computed in the graph or fed, for devices whose sines are poor; default "fed" */
  readonly embedding?: "computed" | "fed";
}

/** alpha and sigma [1]; and timestep [1] or its timestepEmbedding [1,C0], as `UnconditionalNetwork.embedding` says. */
export type UnconditionalInput = "alpha" | "sigma" | "timestep" | "timestepEmbedding";

/** latent [N,c,h,w] -> noise eps [N,c,h,w], whatever the network predicts (eps, v or x0) */
export const unconditionalNoiseProgram = ({
  unet,
  prediction,
  precision = "float32",
  embedding: source = "fed",
}: UnconditionalNetwork): Program<LatentSize, "latent", UnconditionalInput, "noise"> => ({
  name: "noise",
  graph({ height, width }, batch, memory) {
    const graph = new Graph(memory);
    const { config } = unet;
    const p = checkpointParameters(graph, unet, precision);
    const latent = graph.input("latent", [batch, config.inChannels, height, width]);
    const embedding = cast(timestepInput(graph, config, source), precision); // [1,C0]
    const level = { alpha: graph.input("alpha", [1]), sigma: graph.input("sigma", [1]) };
    const output = inPrecision(precision, [latent], ([x]) => unconditionalUNet(config, p, x, embedding)); // [N,c,h,w]
    graph.output("noise", fromOutput[prediction].eps(latent, output, level));
    return graph;
  },
});
