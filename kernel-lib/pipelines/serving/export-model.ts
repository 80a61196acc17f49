/**
 * @file Writes a checkpoint's functions as ONNX models that other runtimes open by their path: Triton's model repository, or plain folders. The graphs
 * hold no weights: they point into weight files that lie beside them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { once } from "../../core/once.js";
import { memoryOf } from "../../engine/plan.js";
import type { Graph } from "../../graph/graph.js";
import type { Precision } from "../../graph/half.js";
import { onnxBytes } from "../../graph/onnx.js";
import { tokenizerJson } from "../../text/tokenizer-json.js";
import { writeTokenizer } from "../../text/write-tokenizer.js";
import { writeJson, writeNewFolder } from "../new-folder.js";
import { stableDiffusionParts } from "../open-checkpoint.js";
import type { OpenModelOptions } from "../open-model.js";
import type { OpenParts } from "../pipeline.js";
import type { StableDiffusionParts } from "../stable-diffusion-parts.js";
import { stableDiffusionPrograms } from "../stable-diffusion-programs.js";
import { type ExportedFunction, type ExportSizes, exportedFunctions } from "./exported-functions.js";
import { describeParts, descriptionParameters } from "./model-description.js";
import { tritonConfig } from "./triton-config.js";
import { bytesOf, type WeightFiles, type WeightLinks, weightLinks, weightNames } from "./weight-links.js";

/** Options of `exportModel`. */
export interface ExportOptions extends Pick<OpenModelOptions, "prediction" | "perceptual">, ExportSizes {
  /** of the U-Net; inputs and outputs are float32 in any case */
  readonly precision: Precision;
  /**
   * What the gradient's forward pass stores: all activations, or the ends of segments alone (gradient checkpointing). Default: as `openModel` decides, so
   * that the numbers are the same bits.
   */
  readonly keeps?: "all" | "ends";
  /** Where the timestep's embedding is computed; "fed" for devices whose sines are poor, as WebGPU's are. */
  readonly timestepEmbedding: "computed" | "fed";
  /** "triton": NAME/1/model.onnx is a folder, with config.pbtxt in NAME; "flat": NAME/1/model.onnx is the model itself */
  readonly layout: "triton" | "flat";
  readonly weights: WeightFiles;
  readonly existing: "refuse" | "replace";
}

/** Tokens per prompt of a checkpoint whose tokenizer is not there. */
const CLIP_CONTEXT = 77;

/** A function that was exported. */
export interface ExportedModel {
  readonly name: string;
  readonly nodes: number;
  /** of model.onnx, without the weights */
  readonly bytes: number;
}

/** What `exportModel` wrote. */
export interface ExportedFolder {
  readonly dir: string;
  readonly models: readonly ExportedModel[];
  /** how the weights came there */
  readonly weights: WeightFiles;
  /** of the weight files, each once */
  readonly weightBytes: number;
}

/**
 * Writes a folder with a model for each function, veduta.json, which describes the checkpoint, and tokenizer/.
 * @throws CheckpointError for a checkpoint of another kind or without a part that is needed, for a folder that holds something, and for a full disk;
 * RangeError for sizes that do not fit
 */
export async function exportModel(pathOrName: string, dir: string, options: ExportOptions): Promise<ExportedFolder> {
  const { precision, timestepEmbedding: embedding, prediction, perceptual } = options;
  const parts = stableDiffusionParts(pathOrName, { prediction, perceptual });
  const opened = stableDiffusionPrograms(parts, { precision, embedding });
  const context = parts.has("tokenizer") ? parts.part("tokenizer").contextLength : CLIP_CONTEXT;
  const functions = exportedFunctions({ parts, opened, context }, options);
  const graphs = functions.map((each) => ({ ...each, graph: graphOf(each, options.keeps) }));
  const files = graphs.flatMap(({ graph }) => weightFiles(graph));
  const links = weightLinks(files, dir, options.weights);
  const description = describeParts(parts, precision);
  const described = descriptionParameters(description);
  const tokenizer = once(
    (): Readonly<Record<string, string>> => (parts.has("tokenizer") ? { tokenizer: tokenizerJson(parts.part("tokenizer")) } : {}),
  );
  const parameters = (name: string) => ({ ...described, ...(name === "text" && tokenizer()) });
  const partOf = partOfFile(parts);
  const models: ExportedModel[] = [];

  const bytes = options.weights === "copied" ? bytesOf(files) : 0;
  const isExport = (names: readonly string[]) => names.includes("veduta.json");
  const target = await writeNewFolder(
    dir,
    { existing: options.existing, bytes, isCheckpoint: isExport, kind: "an export" },
    async (out) => {
      for (const each of graphs) models.push(await writeFunction(out, each, { options, links, partOf, parameters }));
      if (parts.has("tokenizer")) writeTokenizer(join(out, "tokenizer"), parts.part("tokenizer").source);
      const shapes = graphs.map(({ name, inputs, outputs }) => [name, { inputs, outputs }] as const);
      await writeJson(join(out, "veduta.json"), { ...description, batch: options.batch, functions: Object.fromEntries(shapes) });
      return undefined;
    },
  );
  return { dir: target, models, weights: links.how ?? "linked", weightBytes: bytesOf([...new Set(files)]) };
}

function graphOf({ program, size, lengths }: ExportedFunction, keeps: ExportOptions["keeps"]): Graph {
  const memory = keeps === undefined ? memoryOf(program.graph(size, 1)) : { checkpointing: keeps === "ends" };
  return program.graph(size, lengths.N, memory);
}

const weightFiles = (graph: Graph): readonly string[] => [
  ...new Set(graph.initializers.flatMap(({ data }) => (data instanceof Uint8Array ? [] : [data.file]))),
];

/** Writes NAME/1/model.onnx with its weights, and Triton's NAME/config.pbtxt. */
async function writeFunction(
  out: string,
  { name, inputs, outputs, graph }: ExportedFunction & { readonly graph: Graph },
  given: {
    readonly options: ExportOptions;
    readonly links: WeightLinks;
    readonly partOf: (file: string) => string | undefined;
    readonly parameters: (name: string) => Readonly<Record<string, string>>;
  },
): Promise<ExportedModel> {
  const { layout } = given.options;
  const folder = layout === "triton" ? join(out, name, "1", "model.onnx") : join(out, name, "1");
  await mkdir(folder, { recursive: true });
  const names = weightNames(weightFiles(graph), given.partOf);
  for (const [file, weights] of names) await given.links.put(file, join(folder, weights));
  const bytes = onnxBytes(graph, { locate: (file) => names.get(file) as string });
  await writeFile(join(folder, "model.onnx"), bytes);
  if (layout === "triton")
    await writeFile(join(out, name, "config.pbtxt"), tritonConfig({ name, inputs, outputs, parameters: given.parameters(name) }));
  return { name, nodes: graph.liveNodes().length, bytes: bytes.length };
}

/** The part that a weight file belongs to; undefined for one that several parts share, such as a single file. */
function partOfFile(parts: OpenParts<StableDiffusionParts>): (file: string) => string | undefined {
  const owners = new Map<string, string | undefined>();
  for (const name of ["unet", "vae", "text_encoder", "perceptual"] as const) {
    if (!parts.has(name)) continue;
    for (const { file } of parts.part(name).weights.values())
      owners.set(file, owners.has(file) && owners.get(file) !== name ? undefined : name);
  }
  return (file) => owners.get(file);
}
