/** @file How a graph is run: what it keeps, how many rows a call takes, and whether it fits. Shapes and the memory that is free decide. */
import type { Graph, Keeps } from "../graph/graph.js";
import { heldBytes, peakBytes } from "./memory.js";

/** A graph for `size` rows a call. */
export type Build = (size: number, keeps: Keeps) => Graph;

export interface Plan {
  readonly graph: (size: number) => Graph;
  /** bytes of activations that a call of one row needs at the worst moment */
  readonly call: number;
  /** bytes of weights that its session holds or maps */
  readonly weights: number;
  /** rows that one call takes in the memory that is free, at least 1 */
  mostRows(): number;
}

/**
 * Activations of a row, bytes, from which a graph keeps only the ends of its segments. The shapes alone decide, not the memory that is
 * free, since a run is to be repeated bit for bit on another machine.
 */
const LEAN_FROM = 2 ** 30;

/**
 * ONNX Runtime holds more than is alive, seemingly buffers for the next value of the same shape: 2.8 times as much was measured in a U-Net of
 * 64×64 latents, 1.6 times in its gradient.
 */
const HELD_FOR_REUSE = 2;

/** Beyond this many rows a network call only takes longer: a run could not be stopped within it, nor its progress shown. */
const MOST_ROWS = 8;

/** Plans by name; a plan is made once. @param available bytes that new work may take on the device */
export function planner(available: () => number): (key: string, build: Build) => Plan {
  const plans = new Map<string, Plan>();
  return (key, build) => {
    const known = plans.get(key);
    if (known) return known;
    const plan = planOf(build, available);
    plans.set(key, plan);
    return plan;
  };
}

function planOf(build: Build, available: () => number): Plan {
  const plain = build(1, "all");
  const keeps: Keeps = peakBytes(plain) >= LEAN_FROM ? "ends" : "all";
  const graph = keeps === "all" ? plain : build(1, keeps);
  const [call, weights] = [HELD_FOR_REUSE * peakBytes(graph), heldBytes(graph)];
  return {
    graph: (size) => build(size, keeps),
    call,
    weights,
    mostRows: () => Math.max(1, Math.min(MOST_ROWS, Math.floor((available() - weights) / call))),
  };
}
