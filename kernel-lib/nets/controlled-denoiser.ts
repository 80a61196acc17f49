/**
 * @file Noise of rows in groups, where the attention of a group's last row follows that of its first: cross-attention control of Hertz et al.,
 * Prompt-to-Prompt, arXiv:2208.01626. What the prompts say and which steps are controlled are inputs, so one session serves all edits.
 */
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import type { Precision } from "../graph/half.js";
import { changedAttention } from "../graph/ops/changed-attention.js";
import { add, cast, mul, sub } from "../graph/ops/elementwise.js";
import { matmul } from "../graph/ops/matmul.js";
import { concat, reshape, slice, transpose } from "../graph/ops/shape.js";
import type { ControlScale } from "./control-residuals.js";
import { type DenoisingNetwork, fromOutput, type GuidedInput, prepared, type RowSize } from "./guided-denoiser.js";
import { type Attend, type AttentionVariant, plainAttention } from "./transformer.js";

/** Of a latent, in latent pixels, of each row's text, and the rows of a group. */
export interface ControlledSize extends RowSize {
  /** at least 2: the source's row under its prompt first, the edited row under its prompt last, between them rows without control */
  readonly rows: number;
}

/** What a controlled prediction takes besides: fromSource [tokens,tokens], fromOwn [tokens] and selfBlend [1], see `attentionControl`. */
export type ControlInput = "fromSource" | "fromOwn" | "selfBlend";

/** Self-attention over more pixels than this is never controlled: it decides details and costs the most. Source: Hertz et al.'s notebooks, 16². */
export const LARGEST_SELF = 16 ** 2;

/** What is made of attention's probabilities, [N·heads,pixels,pixels|tokens] -> the same shape; undefined leaves a layer as it is. */
export interface AttentionControl {
  /** of self-attention over so many pixels */
  self(pixels: number): ((P: Value) => Value) | undefined;
  /** of cross-attention to the text */
  cross(P: Value): Value;
}

/** G groups of R rows, latent [G,R,c,h,w], with a text each, text [G,R,tokens,D]; no guidance -> noise [G,R,c,h,w] */
export const controlledNoiseProgram = (
  network: DenoisingNetwork,
): Program<ControlledSize, "latent" | "text", Exclude<GuidedInput, "text" | "guidance" | ControlScale> | ControlInput, "noise"> => ({
  name: "controlledNoise",
  graph({ height, width, tokens, rows }, groups, memory) {
    const graph = new Graph(memory);
    const { inChannels, crossAttentionDim } = network.unet.config;
    const { predict, level } = prepared(graph, network);
    const latent = byRow(graph.input("latent", [groups, rows, inChannels, height, width])); // [R·G,c,h,w]
    const text = byRow(graph.input("text", [groups, rows, tokens, crossAttentionDim])); // [R·G,tokens,D]
    const control = attentionControl(graph, { tokens, rows }, network.precision ?? "float32");
    const noise = fromOutput[network.prediction].eps(latent, predict(latent, text, { attention: changing(control) }), level); // [R·G,c,h,w]
    graph.output("noise", swapped(reshape(noise, [rows, groups, ...noise.shape.slice(1)])));
    return graph;
  },
});

/** Attention whose probabilities are controlled. */
function changing(control: AttentionControl): AttentionVariant {
  const by =
    (change: (P: Value) => Value): Attend =>
    (q, k, v, { heads }) =>
      changedAttention(q, k, v, heads, change);
  const self: Attend = (q, k, v, layer) => {
    const change = control.self(layer.height * layer.width);
    return (change ? by(change) : plainAttention)(q, k, v, layer);
  };
  return { self, cross: by(control.cross) };
}

/**
 * The control of a batch [R·G,…], all groups' first rows first. With P_s the probabilities of the first rows and P_t those of the last, heads of a
 * layer each on its own, the last rows' become
 *
 *   cross-attention                          P_s·fromSource + P_t∘fromOwn                their section 3.2, without renormalising
 *   self-attention, at most LARGEST_SELF     selfBlend·P_s + (1 − selfBlend)·P_t         pixels
 *
 * fromSource 0, fromOwn 1 and selfBlend 0 leave P_t as it is.
 */
export function attentionControl(
  graph: Graph,
  { tokens, rows }: Pick<ControlledSize, "tokens" | "rows">,
  precision: Precision,
): AttentionControl {
  const fromSource = cast(graph.input("fromSource", [tokens, tokens]), precision);
  const fromOwn = cast(graph.input("fromOwn", [tokens]), precision);
  const blend = cast(graph.input("selfBlend", [1]), precision);
  const changed = (P: Value, mix: (source: Value, own: Value) => Value): Value => {
    const all = P.shape[0];
    const one = all / rows; // G·heads
    const last = mix(slice(P, 0, 0, one), slice(P, 0, all - one, all)); // [G·heads,pixels,pixels|tokens]
    return concat([slice(P, 0, 0, all - one), last], 0);
  };
  return {
    cross: (P) => changed(P, (source, own) => add(matmul(source, fromSource), mul(own, fromOwn))),
    self: (pixels) =>
      pixels > LARGEST_SELF ? undefined : (P) => changed(P, (source, own) => add(mul(source, blend), mul(own, sub(1, blend)))),
  };
}

/** [G,R,…] -> [R·G,…] */
const byRow = (x: Value): Value => reshape(swapped(x), [x.shape[0] * x.shape[1], ...x.shape.slice(2)]);
/** The first two axes exchanged. */
const swapped = (x: Value): Value => transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)]);
