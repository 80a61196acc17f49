/** @file Noise of windows whose attention is merged on their panorama: Merge-Attend-Diffuse. */
import type { Program } from "../engine/program.js";
import { Graph } from "../graph/graph.js";
import { reshape } from "../graph/ops/shape.js";
import { type DenoisingNetwork, fromOutput, type GuidedInput, type GuidedRow, type GuidedSize, guidedAt } from "./guided-denoiser.js";
import { canvasAttention, type MergedAttention } from "./merged-attention.js";

/** Of a window, of the text, and where the windows of a panorama lie, in latent pixels. */
export interface MergedSize extends GuidedSize {
  readonly tops: readonly number[];
  readonly lefts: readonly number[];
  readonly canvasHeight: number;
  readonly canvasWidth: number;
  readonly merged: MergedAttention;
}

/** P panoramas of n windows each, latent [P,n,c,h,w] -> guided noise [P,n,c,h,w]. All windows of a panorama are in one call, since each layer needs them all. */
export const mergedNoiseProgram = (network: DenoisingNetwork): Program<MergedSize, GuidedRow, GuidedInput, "noise"> => ({
  name: "mergedNoise",
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    const { height, width, tops, lefts, merged } = size;
    const { inChannels: c } = network.unet.config;
    const latent = reshape(graph.input("latent", [batch, lefts.length, c, height, width]), [batch * lefts.length, c, height, width]);
    const canvas = { height: size.canvasHeight, width: size.canvasWidth, window: { height, width }, tops, lefts };
    const { level, output } = guidedAt(graph, network, latent, size, {
      attention: canvasAttention(graph, canvas, merged),
      rows: [batch, lefts.length],
    });
    const noise = fromOutput[network.prediction].eps(latent, output, level); // [P·n,c,h,w]
    graph.output("noise", reshape(noise, [batch, lefts.length, c, height, width]));
    return graph;
  },
});
