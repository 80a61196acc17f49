/** @file What an answer to an exercise may be, and a clear sentence about each that it may not be. */
import { Script } from "node:vm";
import type { Tensor } from "../../core/tensor.js";
import type { Value } from "../../graph/graph.js";

/** The place of an answer in a lesson's cell: `const answer1 = TODO;`. It has every type, so that a cell compiles before it is answered. */
export const TODO: never = Symbol.for("veduta.todo") as never;

/** A value that is no answer of a kind: what it is, and what to do. */
export interface Misfit {
  /** in words: "NaN", "a Promise" */
  readonly found: string;
  /** what to do about it; may be empty */
  readonly advice: string;
}

/** A kind of answer. */
export interface AnswerKind<Answer> {
  /** in words: "a number" */
  readonly want: string;
  /** Says what is wrong with a value that is no answer of this kind; undefined for one that is. */
  misfit(value: unknown): Misfit | undefined;
  /** The answer as a checker gets it. A function comes back guarded: calls of it that fail throw an AnswerFault. */
  ready(answer: Answer): Answer;
}

/** An answer function does not do what any answer must: it throws, never ends, or returns a wrong kind of value. The message is a sentence. */
export class AnswerFault extends Error {
  override name = "AnswerFault";
}

/** Milliseconds that one call of an answer function may take. */
const LONGEST_CALL = 2000;

const kind = <Answer>(want: string, misfit: AnswerKind<Answer>["misfit"]): AnswerKind<Answer> => ({
  want,
  misfit: (value) => neverMeant(value) ?? misfit(value),
  ready: (answer) => answer,
});

/** A finite number. */
export const aNumber: AnswerKind<number> = kind("a number", (value) => {
  if (typeof value !== "number") return { found: inWords(value), advice: typeof value === "string" ? "leave the quotes out" : "" };
  if (Number.isNaN(value)) return { found: "NaN, not a number", advice: "NaN comes of 0 / 0, or of a value that is undefined" };
  return Number.isFinite(value) ? undefined : { found: String(value), advice: "look for a division by 0" };
});

/** A list of finite numbers. @param length of the list; default any */
export const numbers = (length?: number): AnswerKind<readonly number[]> =>
  kind(`a list of ${length ?? ""} numbers`.replace("  ", " "), (value) => {
    if (!Array.isArray(value)) return { found: inWords(value), advice: "write it in brackets: [1, 2]" };
    const wrong = value.map((each, k) => ({ k, misfit: aNumber.misfit(each) })).find(({ misfit }) => misfit);
    if (wrong?.misfit) return { found: `a list with ${wrong.misfit.found} at place ${wrong.k}`, advice: wrong.misfit.advice };
    return length === undefined || value.length === length ? undefined : { found: `a list of ${value.length}`, advice: "" };
  });

/** A tensor whose data has as many numbers as its shape says, all finite. */
export const aTensor: AnswerKind<Tensor> = kind("a tensor, { data, shape }", (value) => {
  const { data, shape } = Object(value) as Partial<Tensor>;
  if (!(data instanceof Float32Array && Array.isArray(shape))) return { found: inWords(value), advice: "" };
  const count = shape.reduce((a, b) => a * b, 1);
  if (data.length !== count) return { found: `${data.length} numbers with the shape [${shape}]`, advice: `that shape has ${count}` };
  const at = data.findIndex((x) => !Number.isFinite(x));
  return at < 0 ? undefined : { found: `a tensor with ${data[at]} in it`, advice: "look for a division by 0" };
});

/** A value of a graph, as an operator of `veduta/graph` returns it. */
export const aGraphValue: AnswerKind<Value> = kind("a value of the graph", (value) => {
  const { graph, shape } = Object(value) as Partial<Value>;
  return graph && shape ? undefined : { found: inWords(value), advice: "build it of operators: mul, sub, sigmoid" };
});

/** A function. Each call may take two seconds. @param result what it must return */
export const aFunction = <Args extends readonly unknown[], Result>(result: AnswerKind<Result>): AnswerKind<(...args: Args) => Result> => ({
  want: "a function",
  misfit: (value) =>
    neverMeant(value) ?? (typeof value === "function" ? undefined : { found: inWords(value), advice: "write one: (x) => …" }),
  ready:
    (answer) =>
    (...args) => {
      const value = called(() => answer(...args));
      const misfit = result.misfit(value);
      if (misfit) throw new AnswerFault(inSentence("the function returns", misfit, result.want));
      return value;
    },
});

/** One sentence about a misfit. @param subject with its verb: "got" */
export const inSentence = (subject: string, { found, advice }: Misfit, want: string): string =>
  `${subject} ${found}, want ${want}${advice === "" ? "" : `; ${advice}`}.`;

/** What no exercise takes as an answer, whatever its kind. */
function neverMeant(value: unknown): Misfit | undefined {
  if (value === undefined) return { found: "undefined", advice: "a function in braces needs `return`" };
  if (value === TODO) return { found: "TODO", advice: "put an answer in its place" };
  const promised = typeof (Object(value) as { then?: unknown }).then === "function";
  return promised ? { found: "a Promise", advice: "put `await` before it, and write functions without `async`" } : undefined;
}

/** A short description of a value of the wrong type. */
function inWords(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return `the text ${JSON.stringify(value.length > 20 ? `${value.slice(0, 20)}…` : value)}`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const CALL = Symbol.for("veduta.answer");
const script = new Script('globalThis[Symbol.for("veduta.answer")]()');

/** Calls an answer function with a limit of time: only a script of node:vm can end a loop that never ends. */
function called<T>(call: () => T): T {
  const global = globalThis as { [CALL]?: () => T };
  global[CALL] = call;
  try {
    return script.runInThisContext({ timeout: LONGEST_CALL }) as T;
  } catch (error) {
    const { code, message } = Object(error) as { readonly code?: string; readonly message?: string };
    throw new AnswerFault(
      code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
        ? `the function did not end within ${LONGEST_CALL / 1000} seconds: does its loop end?`
        : `the function throws: ${(message ?? String(error)).split("\n")[0].replace(/\.$/, "")}.`,
    );
  } finally {
    delete global[CALL];
  }
}
