/** @file The exercises of lesson 7: gradients without Python. */
import { startRuntime } from "../../engine/runtime.js";
import { Graph, type Value } from "../../graph/graph.js";
import { AnswerFault, aFunction, aGraphValue, aNumber } from "./answer-kinds.js";
import { isOneOf, near } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The runs that central differences take for the gradient of 1024 numbers: 2048. */
export const centralRuns: Exercise<number> = {
  name: "7.1",
  answer: aNumber,
  accepts: (runs) => runs === 2 * 4 * 16 * 16,
  because: "2 · 1024 runs, for each window and each step.",
  mistakes: [
    { when: isOneOf(1024), hint: "Central differences look to both sides of each number." },
    { when: isOneOf(1025), hint: "That moves each number to one side only, and compares with the place itself." },
    { when: isOneOf(2049, 2050), hint: "The place itself is not needed: only both sides of it." },
    { when: isOneOf(1, 2, 3), hint: "Each of the numbers has to be moved alone." },
    { when: isOneOf(4, 8, 16, 32, 256, 512), hint: "All channels and all places count." },
    { when: isOneOf(3072, 4096), hint: "A run forwards is one run." },
    { when: isOneOf(1024 ** 2), hint: "Numbers are moved one at a time, not in pairs." },
    { when: isOneOf(2 * 3 * 128 * 128, 3 * 128 * 128), hint: "The latent is moved, not the picture." },
  ],
  hint: "How many numbers are there, and how many runs does one of them take?",
};

/** The numbers summed into one number of the gradient of a bias [3,1,1] of an output [8,3,16,16]: 2048. */
export const summedIntoBias: Exercise<number> = {
  name: "7.2",
  answer: aNumber,
  accepts: (summed) => summed === 8 * 16 * 16,
  because: "8 · 16 · 16 = 2048: every place of every picture in the batch.",
  mistakes: [
    { when: isOneOf(8), hint: "Those are the pictures; in each of them the number is used at many places." },
    { when: isOneOf(256), hint: "That is one picture of the batch." },
    { when: isOneOf(8 * 3 * 16 * 16), hint: "Each channel has a number of its own." },
    { when: isOneOf(768), hint: "Each channel has a number of its own, and the batch counts." },
    { when: isOneOf(24, 3), hint: "The places of a picture count, its channels do not." },
    { when: isOneOf(128, 16), hint: "A picture has two sides." },
    { when: isOneOf(1), hint: "So it would be without broadcasting." },
  ],
  hint: "At how many places of the output is one number of the bias added?",
};

type Rule = (dy: Value, x: Value) => Value;
const xs = [-2, -0.3, 0, 0.7, 3];
const dys = [1, 2, -0.5, 3, 0.25];
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.log1p(Math.exp(x));
/** By central differences, in double precision. */
const slope = (x: number): number => (softplus(x + 1e-4) - softplus(x - 1e-4)) / 2e-4;

/** What the rule's graph gives at five places. */
async function answersOf(rule: Rule): Promise<readonly number[]> {
  const graph = new Graph();
  const [dy, x] = [graph.input("dy", [xs.length]), graph.input("x", [xs.length])];
  const runtime = startRuntime({ device: "cpu", threads: 1 });
  try {
    graph.output("dx", rule(dy, x));
    const session = await runtime.open(graph);
    const feed = (data: readonly number[]) => ({ data: Float32Array.from(data), shape: [data.length] });
    return [...(await session.run({ dy: feed(dys), x: feed(xs) })).dx.data];
  } catch (error) {
    if (error instanceof AnswerFault) throw error;
    throw new AnswerFault(`the graph with this rule does not run: ${(error as Error).message}; it must be built of dy and x alone.`);
  } finally {
    await runtime.close();
  }
}
const gives = (wrong: (dy: number, x: number) => number) => async (rule: Rule) => {
  const found = await answersOf(rule);
  return found.length === xs.length && found.every((value, k) => near(value, wrong(dys[k], xs[k]), 1e-4));
};

/** The pull-back of softplus, ln(1 + e^x), as a function that builds it of operators. */
export const softplusRule: Exercise<Rule> = {
  name: "7.3",
  answer: aFunction(aGraphValue),
  accepts: gives((dy, x) => dy * slope(x)),
  because: "dy · sigmoid(x), held to central differences at five places.",
  mistakes: [
    { when: gives((_, x) => sigmoid(x)), hint: "dy is missing: a loss that rises by dy with the output." },
    { when: gives((dy) => dy), hint: "That is the rule of z = x + something: a slope of 1 everywhere." },
    { when: gives((dy, x) => dy * x), hint: "That multiplies by x. What is the slope of softplus at x = 0?" },
    { when: gives((dy, x) => dy * sigmoid(x) * (1 - sigmoid(x))), hint: "That is the slope of a sigmoid: derived once too often." },
    { when: gives((dy, x) => dy * (1 - sigmoid(x))), hint: "That slope falls with x; softplus is steeper to the right." },
    { when: gives((dy, x) => dy * Math.tanh(x)), hint: "Softplus falls nowhere, and that slope is below 0 on the left." },
    { when: gives((dy, x) => dy * Math.exp(x)), hint: "The logarithm is missing: its derivative is 1 over what is in it." },
    { when: gives((dy) => sigmoid(dy)), hint: "The slope is taken at x, not at dy." },
    { when: gives((dy, x) => dy * x * sigmoid(x)), hint: "x times too much: that is how y = x · sigmoid(x) reads, not its derivative." },
    { when: gives((dy, x) => dy + sigmoid(x)), hint: "dy multiplies the slope." },
  ],
  hint: "Derive ln(1 + e^x), divide above and below by e^x, and look which operator of this page that is.",
};
