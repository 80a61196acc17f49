/** @file Functions that edits, energies and measures ask, besides those of panoramas: rows with a text each, samples of the posterior, dual encoder, classes. */
import type { Edge } from "../../core/edge.js";
import { once } from "../../core/once.js";
import { classEnergyProgram } from "../../nets/classifier.js";
import { choiceEnergyProgram, imageVectorsProgram, textEnergyProgram, textVectorsProgram } from "../../nets/dual-programs.js";
import type { StableDiffusionPrograms } from "../stable-diffusion-programs.js";
import { callTensor, EDGES, multiple, type NetworkFunction, type OpenedFunctions, rowTensor, tensor } from "./network-functions.js";

/** The functions that the checkpoint has the parts for. */
export function editFunctions({ parts, opened }: OpenedFunctions): readonly NetworkFunction[] {
  return [
    ...rowFunctions(opened),
    ...EDGES.map((edge) => sampleFunction(opened, ...edge)),
    ...(parts.has("perceptual") ? [...comparing(opened), ...classFunctions(parts)] : []),
    ...(parts.has("dual") ? dualFunctions(parts) : []),
  ];
}

/** Latents with a text each, without guidance -> noise [N,c,h,w]; with attention control in groups of R -> noise [N,R,c,h,w] */
function rowFunctions({ unet: { crossAttentionDim: D }, channels: c, programs }: StableDiffusionPrograms): NetworkFunction[] {
  const level = ["timestep", "alpha", "sigma"].map((name) => callTensor(name, [1]));
  return [
    {
      name: "row_noise",
      inputs: [rowTensor("latent", ["N", c, "h", "w"]), rowTensor("text", ["N", "T", D]), ...level],
      outputs: [tensor("noise", ["N", c, "h", "w"])],
      program: () => programs.rowNoise,
      size: ({ h, w, T }) => ({ height: h, width: w, tokens: T }),
    },
    {
      name: "controlled_noise",
      inputs: [
        ...[rowTensor("latent", ["N", "R", c, "h", "w"]), rowTensor("text", ["N", "R", "T", D]), ...level],
        ...[callTensor("fromSource", ["T", "T"]), callTensor("fromOwn", ["T"]), callTensor("selfBlend", [1])],
      ],
      outputs: [tensor("noise", ["N", "R", c, "h", "w"])],
      program: () => programs.controlledNoise,
      size: ({ h, w, T, R }) => ({ height: h, width: w, tokens: T, rows: R }),
    },
  ];
}

/** image and noise -> a sample of the posterior, [N,c,h,w] */
const sampleFunction = ({ channels: c, scale: f, programs }: StableDiffusionPrograms, edge: Edge, suffix: string): NetworkFunction => ({
  name: `encode_sample${suffix}`,
  inputs: [rowTensor("image", ["N", 3, multiple(f, "h"), multiple(f, "w")]), rowTensor("noise", ["N", c, "h", "w"])],
  outputs: [tensor("latent", ["N", c, "h", "w"])],
  program: () => programs.sample,
  size: ({ h, w }) => ({ height: h, width: w, edge }),
  fixed: { edge },
});

/** The gradient through the decoder alone, and distances in pairs. */
function comparing({ channels: c, scale: f, programs }: StableDiffusionPrograms): NetworkFunction[] {
  const latent = ["N", c, "h", "w"];
  return [
    {
      name: "decoded_gradient",
      inputs: [rowTensor("latent", latent), callTensor("anchor", [1, 3, multiple(f, "h"), multiple(f, "w")])],
      outputs: [tensor("loss", ["N"]), tensor("gradient", latent)],
      program: () => programs.decodedGradient(),
      size: ({ h, w }) => ({ height: h, width: w }),
    },
    {
      name: "distance_to_each",
      inputs: ["image", "reference"].map((name) => rowTensor(name, ["N", 3, "H", "W"])),
      outputs: [tensor("distance", ["N"])],
      program: programs.distanceToEach,
      size: ({ H, W }) => ({ height: H, width: W }),
    },
  ];
}

const IMAGE = ["N", 3, "H", "W"];
const ENERGY = [tensor("energy", ["N"]), tensor("gradient", IMAGE)];

/** −log p of a class, one function for each group of classes; wanted [1,classes] is 1 at the class. */
function classFunctions(parts: OpenedFunctions["parts"]): NetworkFunction[] {
  const perceptual = parts.part("perceptual");
  const program = once(() => classEnergyProgram(perceptual));
  return (perceptual.config.classes ?? []).map((names, group) => ({
    name: `class_energy_${group}`,
    inputs: [rowTensor("image", IMAGE), callTensor("wanted", [1, names.length])],
    outputs: ENERGY,
    program,
    size: ({ H, W }) => ({ height: H, width: W, group }),
    fixed: { group },
  }));
}

/** Unit vectors of images and of texts' states, and energies between them. */
function dualFunctions(parts: OpenedFunctions["parts"]): NetworkFunction[] {
  const dual = parts.part("dual");
  const { projectionDim: E, hiddenSize } = dual.config;
  const [images, texts, text, choice] = [imageVectorsProgram, textVectorsProgram, textEnergyProgram, choiceEnergyProgram].map((make) =>
    once(() => make(dual)),
  );
  const pixels = { inputs: [rowTensor("image", IMAGE)], size: ({ H, W }: Readonly<Record<string, number>>) => ({ height: H, width: W }) };
  const vector = { outputs: [tensor("vector", ["N", E])] };
  return [
    { name: "image_vectors", ...pixels, ...vector, program: images },
    { name: "text_vectors", inputs: [rowTensor("state", ["N", hiddenSize])], ...vector, program: texts, size: () => ({}) },
    { name: "text_energy", inputs: [...pixels.inputs, callTensor("text", [1, E])], outputs: ENERGY, program: text, size: pixels.size },
    {
      name: "choice_energy",
      inputs: [...pixels.inputs, callTensor("text", ["K", E]), callTensor("wanted", [1, "K"])],
      outputs: ENERGY,
      program: choice,
      size: ({ H, W, K }) => ({ height: H, width: W, texts: K }),
    },
  ];
}
