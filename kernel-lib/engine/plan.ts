/** @file How a program runs at a size: with gradient checkpointing or without, how many rows a call takes, and what memory it needs. */
import type { Graph } from "../graph/graph.js";
import { HELD_FOR_REUSE, peakBytes, sessionBytes } from "./memory.js";
import { type GraphMemory, type Program, planName } from "./program.js";

/** A program at one size. */
export interface Plan {
  /** names program and size */
  readonly name: string;
  readonly graph: (batch: number) => Graph;
  /** bytes of activations that a call of one row needs at its peak */
  readonly rowBytes: number;
  /** bytes of weights that its sessions hold or map */
  readonly weightBytes: number;
  /** whether its calls are shared out among lanes, each with a session of its own */
  readonly lanes: "shared" | "none";
  /** rows that one call takes in the memory that is free, at least 1 */
  mostRows(): number;
}

/** Any program, where its inputs and outputs do not matter. */
export type AnyProgram<Size extends object> = Pick<Program<Size, never, never, never>, "name" | "graph">;

/**
 * Bytes of activations per row above which gradient checkpointing is used where the device's memory is not known, and on the CPU. Decided from shapes
 * only, never from free memory, so that a run repeats bit for bit on another machine.
 */
const CHECKPOINTING_FROM = 2 ** 30;

/**
 * Of a GPU's memory, the share that the activations of this many rows may take before they are recomputed: a card's memory does not change, so a run
 * repeats bit for bit on cards of its kind. The rest is for weights, other sessions and cuDNN's workspaces.
 */
const [STORED_SHARE, STORED_ROWS] = [0.5, 4];

/** Bytes of attention scores that are alive at once on a GPU: larger tiles are fewer nodes, which open and start faster. */
const GPU_SCORES = 2 ** 30;

/** What the graph of a program holds, from its graph of one row that stores everything. @param gpuBytes all of a GPU's memory; undefined elsewhere */
export function memoryOf(plain: Graph, gpuBytes?: number): GraphMemory {
  if (gpuBytes === undefined) return { checkpointing: peakBytes(plain) >= CHECKPOINTING_FROM };
  return { checkpointing: STORED_ROWS * peakBytes(plain) > STORED_SHARE * gpuBytes, scoreBytes: GPU_SCORES };
}

/** Bytes of weights up to which each lane has its own copy. Beyond, a call's operators are large enough for all threads to share. */
const LANE_WEIGHTS = 2 ** 28;

/** Beyond this many rows a network call only takes longer: a run could not be stopped within it, nor its progress shown. */
const MOST_ROWS = 8;

/**
 * Makes plans, each once.
 * @param available bytes that new work may take on the device
 * @param limits `lanes` of the engine, 1: none; `mostRows` of a call, default 8; `gpuBytes`, all of a GPU's memory
 * @returns the plan of a program at a size; throws an Error where another program of that name has a plan
 */
export function planner(
  available: () => number,
  { lanes = 1, mostRows = MOST_ROWS, gpuBytes }: { readonly lanes?: number; readonly mostRows?: number; readonly gpuBytes?: number } = {},
): <Size extends object>(program: AnyProgram<Size>, size: Size) => Plan {
  const plans = new Map<string, Plan>();
  const programs = new Map<string, unknown>();
  return (program, size) => {
    const known = programs.get(program.name) ?? program;
    if (known !== program) throw new Error(`engine: got two programs of the name "${program.name}"; a name stands for one program`);
    programs.set(program.name, program);
    const name = planName(program.name, size);
    const plan =
      plans.get(name) ?? planOf(name, (batch, memory) => program.graph(size, batch, memory), { available, lanes, mostRows, gpuBytes });
    plans.set(name, plan);
    return plan;
  };
}

function planOf(
  name: string,
  build: (batch: number, memory: GraphMemory) => Graph,
  limits: { readonly available: () => number; readonly lanes: number; readonly mostRows: number; readonly gpuBytes?: number },
): Plan {
  const { available, lanes, mostRows, gpuBytes } = limits;
  const plain = build(1, {});
  const memory = memoryOf(plain, gpuBytes);
  const graph = memory.checkpointing ? build(1, memory) : plain;
  const shared = lanes > 1 && !memory.checkpointing && sessionBytes(graph) <= LANE_WEIGHTS;
  const held = gpuBytes === undefined ? HELD_FOR_REUSE.cpu : HELD_FOR_REUSE.gpu;
  const [rowBytes, weightBytes] = [held * peakBytes(graph), (shared ? lanes : 1) * sessionBytes(graph)];
  return {
    name,
    lanes: shared ? "shared" : "none",
    graph: (batch) => build(batch, memory),
    rowBytes,
    weightBytes,
    mostRows: () => Math.max(1, Math.min(mostRows, Math.floor((available() - weightBytes) / rowBytes))),
  };
}
