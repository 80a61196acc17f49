/**
 * @file The functions of a checkpoint's networks under the names by which servers offer them: what `veduta serve` answers, what `veduta models export`
 * writes, and what a model on another machine is asked. The names are those of the programs' inputs and outputs.
 */
import type { Edge } from "../../core/edge.js";
import type { Program } from "../../engine/program.js";
import type { ClipTextConfig } from "../../nets/clip-text.js";
import type { OpenParts } from "../pipeline.js";
import type { StableDiffusionParts } from "../stable-diffusion-parts.js";
import type { StableDiffusionPrograms } from "../stable-diffusion-programs.js";
import type { Axis, Lengths } from "./axes.js";

/** An input or an output of a function. */
export interface FunctionTensor {
  readonly name: string;
  /** as the Open Inference Protocol names it */
  readonly datatype: "FP32" | "INT32";
  readonly shape: readonly Axis[];
}

/** An input; that of "rows" has the batch as its first axis, N, and that of the "call" is whole in every call. */
export interface FunctionInput extends FunctionTensor {
  readonly of: "rows" | "call";
  /** token numbers are below it */
  readonly below?: number;
}

/** A program, whatever its size and feeds. */
export type AnyFunctionProgram = Program<object, string, string, string>;

/** A function of a checkpoint's networks. */
export interface NetworkFunction {
  readonly name: string;
  readonly inputs: readonly FunctionInput[];
  readonly outputs: readonly FunctionTensor[];
  /** @throws CheckpointError where a part that it needs does not fit */
  program(): AnyFunctionProgram;
  /** the program's size in a call of these lengths */
  size(lengths: Lengths): object;
  /** what of the size the function's name says, such as the edge */
  readonly fixed?: Readonly<Record<string, unknown>>;
}

/** What the names of the functions that work on pictures end in, by the edge. */
export const EDGE_SUFFIXES: Readonly<Record<Edge, string>> = { open: "", wrap: "_wrap", "wrap-y": "_wrap_y", "wrap-xy": "_wrap_xy" };
/** The edges with what names end in. */
export const EDGES = Object.entries(EDGE_SUFFIXES) as [Edge, string][];

/** An output of a function. */
export const tensor = (name: string, shape: readonly Axis[], datatype: FunctionTensor["datatype"] = "FP32"): FunctionTensor => ({
  name,
  datatype,
  shape,
});
/** An input whose first axis is the batch. */
export const rowTensor = (...given: Parameters<typeof tensor>): FunctionInput => ({ ...tensor(...given), of: "rows" });
/** An input that is whole in every call. */
export const callTensor = (...given: Parameters<typeof tensor>): FunctionInput => ({ ...tensor(...given), of: "call" });
/** An axis that is a multiple of a name. */
export const multiple = (factor: number, of: string): Axis => ({ times: factor, of });

/** Programs and parts of a checkpoint. */
export interface OpenedFunctions {
  readonly parts: Pick<OpenParts<StableDiffusionParts>, "has" | "part">;
  readonly opened: StableDiffusionPrograms;
}

/** The functions that the checkpoint has the parts for. */
export function networkFunctions(given: OpenedFunctions): readonly NetworkFunction[] {
  const { has } = given.parts;
  return [
    ...(has("text_encoder") && has("tokenizer") ? [textFunction(given.opened, given.parts.part("text_encoder").config)] : []),
    ...denoising(given.opened, has("perceptual")),
    ...EDGES.flatMap((edge) => autoencoding(given.opened, ...edge)),
    ...(has("perceptual") ? [distanceFunction(given.opened)] : []),
  ];
}

/** ids [N,T] -> text [N,T,D] */
const textFunction = (
  { unet: { crossAttentionDim: D }, text }: StableDiffusionPrograms,
  { vocabSize, maxPositionEmbeddings }: Pick<ClipTextConfig, "vocabSize" | "maxPositionEmbeddings">,
): NetworkFunction => ({
  name: "text",
  inputs: [{ ...rowTensor("ids", ["N", "T"], "INT32"), below: vocabSize }],
  outputs: [tensor("text", ["N", "T", D])],
  program: () => text().program,
  size({ T }) {
    if (T > maxPositionEmbeddings) throw new RangeError(`ids: got ${T} tokens per prompt, want at most ${maxPositionEmbeddings}`);
    return { tokens: T };
  },
});

/** What guided calls take: timestep, or its embedding where that is fed, guidance, alpha and sigma are one number each; text is the negative prompt's, then the prompt's, or one alone. */
function denoising(
  { unet, embedding, channels: c, scale: f, programs }: StableDiffusionPrograms,
  compares: boolean,
): readonly NetworkFunction[] {
  const inputs = [
    rowTensor("latent", ["N", c, "h", "w"]),
    embedding === "fed" ? callTensor("timestepEmbedding", [1, unet.blockOutChannels[0]]) : callTensor("timestep", [1]),
    callTensor("text", ["texts", "T", unet.crossAttentionDim]),
    ...["guidance", "alpha", "sigma"].map((name) => callTensor(name, [1])),
  ];
  const size = ({ h, w, T, texts }: Lengths) => {
    if (texts > 2) throw new RangeError(`text: got ${texts} rows, want the negative prompt's and the prompt's, or one alone`);
    return { height: h, width: w, tokens: T, texts };
  };
  const latent = ["N", c, "h", "w"];
  return [
    { name: "noise", inputs, outputs: [tensor("noise", latent)], program: () => programs.noise, size },
    {
      name: "foresee",
      inputs,
      outputs: [tensor("image", ["N", 3, multiple(f, "h"), multiple(f, "w")])],
      program: () => programs.foresee,
      size,
    },
    ...(compares
      ? [
          {
            name: "gradient",
            inputs: [...inputs, callTensor("anchor", [1, 3, multiple(f, "h"), multiple(f, "w")])],
            outputs: [tensor("loss", ["N"]), tensor("gradient", latent)],
            program: () => programs.gradient(),
            size,
          },
        ]
      : []),
  ];
}

/** latent [N,c,h,w] <-> image [N,3,f·h,f·w] */
function autoencoding({ channels: c, scale: f, programs }: StableDiffusionPrograms, edge: Edge, suffix: string): NetworkFunction[] {
  const latent = ["N", c, "h", "w"];
  const image = ["N", 3, multiple(f, "h"), multiple(f, "w")];
  const shared = { size: ({ h, w }: Lengths) => ({ height: h, width: w, edge }), fixed: { edge } };
  const decode = { name: `decode${suffix}`, inputs: [rowTensor("latent", latent)], outputs: [tensor("image", image)] };
  const encode = { name: `encode${suffix}`, inputs: [rowTensor("image", image)], outputs: [tensor("latent", latent)] };
  return [
    { ...decode, program: () => programs.decode, ...shared },
    { ...encode, program: () => programs.encode, ...shared },
  ];
}

/** image [N,3,H,W] and reference [1,3,H,W] -> distance [N] */
const distanceFunction = ({ programs }: StableDiffusionPrograms): NetworkFunction => ({
  name: "distance",
  inputs: [rowTensor("image", ["N", 3, "H", "W"]), callTensor("reference", [1, 3, "H", "W"])],
  outputs: [tensor("distance", ["N"])],
  program: programs.distanceToOne,
  size: ({ H, W }) => ({ height: H, width: W }),
});
