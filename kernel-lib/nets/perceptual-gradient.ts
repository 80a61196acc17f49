/** @file How far each latent's predicted image is from an anchor's, and the gradient of that distance. */
import type { Program } from "../engine/program.js";
import { gradient } from "../graph/gradient.js";
import { Graph, type Value } from "../graph/graph.js";
import { add, clip, mul, sub } from "../graph/ops/elementwise.js";
import { type DenoisingNetwork, foreseen, type GuidedInput, type GuidedRow, type GuidedSize } from "./guided-denoiser.js";
import { checkpointParameters, type Part } from "./parameters.js";
import { type PerceptualConfig, perceptualDistance } from "./perceptual.js";
import { styleDistance } from "./style.js";
import { decoded, type VaeConfig } from "./vae.js";

/** Distances of images by a perceptual network. */
export const IMAGE_DISTANCES = { lpips: perceptualDistance, style: styleDistance } as const;
/** The name of a distance: LPIPS, or the difference of Gram matrices. */
export type ImageDistance = keyof typeof IMAGE_DISTANCES;

/**
 * Also takes anchor [1,3,f·h,f·w] -> loss [N] and gradient [N,c,h,w], the gradient of the sum of losses with respect to the latent. A row's loss
 * depends on its own latent alone, so this is every row's own gradient.
 *
 *   loss = distance(clamp(decode(x0)), clamp(anchor)),   x0 from the guided output
 */
export const perceptualGradientProgram = (
  network: DenoisingNetwork,
  vae: Part<VaeConfig>,
  perceptual: Part<PerceptualConfig>,
  distance: ImageDistance = "lpips",
): Program<GuidedSize, GuidedRow, GuidedInput | "anchor", "loss" | "gradient"> => ({
  name: distance === "lpips" ? "gradient" : `gradient of ${distance}`,
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    const { latent, image } = foreseen(graph, network, vae, size, batch);
    compared(graph, { of: latent, image, perceptual, distance });
    return graph;
  },
});

/** Of a latent, in latent pixels. */
export interface LatentSize {
  readonly height: number;
  readonly width: number;
}

/**
 * x0 [N,c,h,w] and anchor [1,3,f·h,f·w] -> loss [N] and gradient [N,c,h,w] with respect to x0, through the decoder alone.
 *
 *   loss = distance(clamp(decode(x0)), clamp(anchor))
 */
export const decodedGradientProgram = (
  vae: Part<VaeConfig>,
  perceptual: Part<PerceptualConfig>,
  distance: ImageDistance = "lpips",
): Program<LatentSize, "latent", "anchor", "loss" | "gradient"> => ({
  name: distance === "lpips" ? "decoded gradient" : `decoded gradient of ${distance}`,
  graph({ height, width }, batch, memory) {
    const graph = new Graph(memory);
    const latent = graph.input("latent", [batch, vae.config.latentChannels, height, width]);
    compared(graph, { of: latent, image: decoded(graph, vae, latent, "open"), perceptual, distance });
    return graph;
  },
});

interface Comparison {
  readonly of: Value;
  /** [N,3,H,W], not clamped */
  readonly image: Value;
  readonly perceptual: Part<PerceptualConfig>;
  readonly distance: ImageDistance;
}

/** Adds the input anchor, and the outputs loss and gradient. */
function compared(graph: Graph, { of, image: unclamped, perceptual, distance }: Comparison): void {
  const image = clamped(unclamped); // [N,3,H,W]
  const anchor = clamped(graph.input("anchor", [1, ...image.shape.slice(1)]));
  const loss = IMAGE_DISTANCES[distance](perceptual.config, checkpointParameters(graph, perceptual), image, anchor); // [N]
  graph.output("loss", loss);
  graph.output("gradient", gradient(graph, loss, of));
}

/** To [0,1], clamped, and back to [-1,1]: the official order, which rounds differently from a clamp to [-1,1]. */
const clamped = (image: Value): Value => sub(mul(clip(add(mul(image, 0.5), 0.5), 0, 1), 2), 1);
