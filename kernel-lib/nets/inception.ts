/**
 * @file FID's Inception as a graph: Inception v3 with the three differences of the network that FID was defined with (average pools that do not count
 * their padding, and a maximum pool in the last block), up to its 2048 averaged features. Source: pytorch-fid, inception.py; torchvision 0.14,
 * models/inception.py, whose names the weights have; arXiv:1512.00567.
 */
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import { conv } from "../graph/ops/conv.js";
import { add, div, mul, relu, sqrt, sub } from "../graph/ops/elementwise.js";
import { lineConv } from "../graph/ops/line-conv.js";
import { averageAround, maxAround, maxPool } from "../graph/ops/pool.js";
import { reduceMean } from "../graph/ops/reduce.js";
import { concat, reshape } from "../graph/ops/shape.js";
import { checkpointParameters, type Parameters, type Part, under } from "./parameters.js";

/** Side of the picture that the network sees. */
export const INCEPTION_SIDE = 299;
/** Of the normalisation (torchvision, BasicConv2d). */
const EPSILON = 1e-3;

/** How a convolution moves: at stride 1 the picture keeps its size, "valid" ones lose their edge. */
type Move = "same" | "valid" | "valid, stride 2";

/** A convolution without bias, its batch normalisation by the stored statistics folded into it, and a ReLU. */
function basic(parameters: Parameters, key: string, x: Value, out: number, [kh, kw]: readonly [number, number], move: Move): Value {
  const p = under(parameters, key);
  const statistic = (name: string) => p(`bn.${name}`, [out]);
  const scale = div(statistic("weight"), sqrt(add(statistic("running_var"), EPSILON))); // [O]
  const weight = mul(p("conv.weight", [out, x.shape[1], kh, kw]), reshape(scale, [out, 1, 1, 1]));
  const bias = sub(statistic("bias"), mul(statistic("running_mean"), scale));
  if (kh !== kw) return relu(lineConv(x, weight, bias));
  const padding = move === "same" ? (kh - 1) / 2 : 0;
  return relu(conv(x, weight, bias, { padding, stride: move === "valid, stride 2" ? 2 : 1 }));
}

/** A chain of convolutions: names below the block, channels, kernel, and how the last one moves. */
type Link = readonly [name: string, out: number, kernel: readonly [number, number], move?: Move];
const chain = (p: Parameters, x: Value, ...links: readonly Link[]): Value =>
  links.reduce((h, [name, out, kernel, move = "same"]) => basic(p, name, h, out, kernel, move), x);

const [ONE, THREE, FIVE, ACROSS, DOWN] = [
  [1, 1],
  [3, 3],
  [5, 5],
  [1, 7],
  [7, 1],
] as const;

/** 35×35 pixels. */
function blockA(p: Parameters, x: Value, pooled: number): Value {
  const five = chain(p, x, ["branch5x5_1", 48, ONE], ["branch5x5_2", 64, FIVE]);
  const twice = chain(p, x, ["branch3x3dbl_1", 64, ONE], ["branch3x3dbl_2", 96, THREE], ["branch3x3dbl_3", 96, THREE]);
  const pool = chain(p, averageAround(x), ["branch_pool", pooled, ONE]);
  return concat([chain(p, x, ["branch1x1", 64, ONE]), five, twice, pool], 1);
}

/** 35×35 -> 17×17 pixels. */
function blockB(p: Parameters, x: Value): Value {
  const three = chain(p, x, ["branch3x3", 384, THREE, "valid, stride 2"]);
  const twice = chain(p, x, ["branch3x3dbl_1", 64, ONE], ["branch3x3dbl_2", 96, THREE], ["branch3x3dbl_3", 96, THREE, "valid, stride 2"]);
  return concat([three, twice, maxPool(x, 3)], 1);
}

/** 17×17 pixels, with lines of seven in place of squares. */
function blockC(p: Parameters, x: Value, inner: number): Value {
  const seven = chain(p, x, ["branch7x7_1", inner, ONE], ["branch7x7_2", inner, ACROSS], ["branch7x7_3", 192, DOWN]);
  const twice = chain(
    p,
    x,
    ["branch7x7dbl_1", inner, ONE],
    ["branch7x7dbl_2", inner, DOWN],
    ["branch7x7dbl_3", inner, ACROSS],
    ["branch7x7dbl_4", inner, DOWN],
    ["branch7x7dbl_5", 192, ACROSS],
  );
  const pool = chain(p, averageAround(x), ["branch_pool", 192, ONE]);
  return concat([chain(p, x, ["branch1x1", 192, ONE]), seven, twice, pool], 1);
}

/** 17×17 -> 8×8 pixels. */
function blockD(p: Parameters, x: Value): Value {
  const three = chain(p, x, ["branch3x3_1", 192, ONE], ["branch3x3_2", 320, THREE, "valid, stride 2"]);
  const seven = chain(
    p,
    x,
    ["branch7x7x3_1", 192, ONE],
    ["branch7x7x3_2", 192, ACROSS],
    ["branch7x7x3_3", 192, DOWN],
    ["branch7x7x3_4", 192, THREE, "valid, stride 2"],
  );
  return concat([three, seven, maxPool(x, 3)], 1);
}

/** 8×8 pixels, with a crossed pair of lines at the end of two branches. */
function blockE(p: Parameters, x: Value, pool: (x: Value) => Value): Value {
  const crossed = (h: Value, across: string, down: string) =>
    concat([chain(p, h, [across, 384, [1, 3]]), chain(p, h, [down, 384, [3, 1]])], 1);
  const three = crossed(chain(p, x, ["branch3x3_1", 384, ONE]), "branch3x3_2a", "branch3x3_2b");
  const twice = crossed(chain(p, x, ["branch3x3dbl_1", 448, ONE], ["branch3x3dbl_2", 384, THREE]), "branch3x3dbl_3a", "branch3x3dbl_3b");
  const pooled = chain(p, pool(x), ["branch_pool", 192, ONE]);
  return concat([chain(p, x, ["branch1x1", 320, ONE]), three, twice, pooled], 1);
}

/** The layers in order, by torchvision's names. */
const LAYERS: readonly (readonly [name: string, layer: (p: Parameters, x: Value) => Value])[] = [
  ["Conv2d_1a_3x3", (p, x) => chain(p, x, ["Conv2d_1a_3x3", 32, THREE, "valid, stride 2"])],
  ["Conv2d_2a_3x3", (p, x) => chain(p, x, ["Conv2d_2a_3x3", 32, THREE, "valid"])],
  ["Conv2d_2b_3x3", (p, x) => chain(p, x, ["Conv2d_2b_3x3", 64, THREE])],
  ["maxpool1", (_, x) => maxPool(x, 3)],
  ["Conv2d_3b_1x1", (p, x) => chain(p, x, ["Conv2d_3b_1x1", 80, ONE])],
  ["Conv2d_4a_3x3", (p, x) => chain(p, x, ["Conv2d_4a_3x3", 192, THREE, "valid"])],
  ["maxpool2", (_, x) => maxPool(x, 3)],
  ["Mixed_5b", (p, x) => blockA(under(p, "Mixed_5b"), x, 32)],
  ["Mixed_5c", (p, x) => blockA(under(p, "Mixed_5c"), x, 64)],
  ["Mixed_5d", (p, x) => blockA(under(p, "Mixed_5d"), x, 64)],
  ["Mixed_6a", (p, x) => blockB(under(p, "Mixed_6a"), x)],
  ["Mixed_6b", (p, x) => blockC(under(p, "Mixed_6b"), x, 128)],
  ["Mixed_6c", (p, x) => blockC(under(p, "Mixed_6c"), x, 160)],
  ["Mixed_6d", (p, x) => blockC(under(p, "Mixed_6d"), x, 160)],
  ["Mixed_6e", (p, x) => blockC(under(p, "Mixed_6e"), x, 192)],
  ["Mixed_7a", (p, x) => blockD(under(p, "Mixed_7a"), x)],
  ["Mixed_7b", (p, x) => blockE(under(p, "Mixed_7b"), x, averageAround)],
  ["Mixed_7c", (p, x) => blockE(under(p, "Mixed_7c"), x, maxAround)],
];

/**
 * The features of pictures, and every layer's map by its name.
 * @param image [N,3,299,299] in [-1,1]
 * @returns features [N,2048]
 */
export function inception(p: Parameters, image: Value): { readonly features: Value; readonly layers: Readonly<Record<string, Value>> } {
  const layers: Record<string, Value> = {};
  let h = image;
  for (const [name, layer] of LAYERS) {
    h = layer(p, h);
    layers[name] = h;
  }
  return { features: reshape(reduceMean(h, [2, 3]), [h.shape[0], h.shape[1]]), layers };
}

/** image [N,3,299,299] in [-1,1] -> features [N,2048] */
export const inceptionProgram = (part: Part<unknown>): Program<object, "image", never, "features"> => ({
  name: "FID's Inception",
  graph(_, batch) {
    const graph = new Graph();
    const image = graph.input("image", [batch, 3, INCEPTION_SIDE, INCEPTION_SIDE]);
    graph.output("features", inception(checkpointParameters(graph, part), image).features);
    return graph;
  },
});
