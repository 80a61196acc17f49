/** @file Compiles and runs cells, keeps their declarations, and finds the source of every stack frame. */
import { fileURLToPath } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { withoutExports } from "../ipynb/cell-exports.js";
import { type CellCode, cellCode } from "./cell-code.js";
import { declaredIn, endsInUsedValue, partlyDeclared, withModuleTypes } from "./declarations.js";
import type { Source } from "./traceback.js";
import { type Converter, type Diagnostic, loadTslab, type Tslab } from "./tslab.js";

/** The result of a cell. */
export type Outcome =
  /** `value`: of the cell's last expression; undefined if it has none */
  { readonly kind: "done"; readonly value: unknown } | { readonly kind: "thrown"; readonly error: unknown } | Refused;
interface Refused {
  readonly kind: "refused";
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles and runs cells. */
export interface Interpreter extends Pick<Tslab, "isCompleteCode" | "printQuickInfo"> {
  /** Runs a cell. @param label its name in stack traces: "Cell In[3]" @param signal of the stop button, which may come before the cell begins */
  run(text: string, label: string, signal: AbortSignal): Promise<Outcome>;
  complete(text: string, at: number): ReturnType<Converter["complete"]>;
  inspect(text: string, at: number): ReturnType<Converter["inspect"]>;
  source(file: string): Source | undefined;
  /** Stops waiting for the running cell, if any, and keeps its declarations so far. */
  giveUp(): void;
}

/** The cell that is compiled or runs. */
interface CurrentCell {
  readonly file: string;
  readonly label: string;
  readonly text: string;
  /** its declarations, once it was compiled */
  readonly after?: string;
  readonly names: ReadonlySet<string>;
  /** the name of its last expression's value */
  readonly last?: string;
}

type Guarded = <T>(work: () => T) => T;

/** Compiles cells one after the other: knows the declarations so far, and where each compiled line comes from. @param known names that have a value */
function createCellCompiler(guarded: Guarded, known: () => ReadonlySet<string>) {
  const sources = new Map<string, Source>();
  const made = new Map<string, CellCode>(); // by their code
  const lastStep = (ts: Tslab["ts"], js: string) => {
    const cell = cellCode(ts, js, known(), state.last);
    made.set(cell.code, cell);
    return cell.code;
  };
  const tslab = guarded(() => loadTslab(lastStep, [fileURLToPath(new URL("./cell-globals.d.ts", import.meta.url))]));
  const state: { declarations: string; refused: readonly Diagnostic[]; current?: CurrentCell; last?: string } = {
    declarations: "",
    refused: [],
  };

  /**
   * The declarations of a cell. tslab writes the word undefined if TypeScript could emit none. Then this tries again with type annotations for
   * modules; if that fails too, every name of the cell is `any`. So is a name that TypeScript declares nowhere: a `var` inside a block.
   */
  function declared(written: string, text: string, names: ReadonlySet<string>): string {
    const typed = unwritten(written) ? withModuleTypes(tslab.ts, text) : text;
    const again = typed === text ? written : (guarded(() => tslab.converter.convert(state.declarations, typed)).declOutput ?? "");
    const known = unwritten(again) ? new Set<string>() : declaredIn(tslab.ts, again);
    const missing = [...names].filter((name) => !known.has(name));
    return missing.map((name) => `declare let ${name}: any;\n`).join("") + again.replace(/^undefined/, "");
  }

  const converter: Converter = {
    ...tslab.converter,
    addModule(...words) {
      state.refused = guarded(() => tslab.converter.addModule(...words));
      return [];
    },
    convert(_, written) {
      const text = withoutExports(written, "kept");
      made.clear();
      state.last = endsInUsedValue(tslab.ts, text) ? LAST : undefined;
      const converted = guarded(() => tslab.converter.convert(state.declarations, text));
      state.refused = converted.diagnostics;
      for (const { path, data } of converted.sideOutputs ?? []) {
        const module = made.get(data);
        if (module) sources.set(path, { label: path.replace(/js$/, "ts"), text: "", origin: module.origin });
      }
      const cell = made.get(converted.output ?? "");
      const { current } = state;
      if (!cell || !current) return converted;
      const after = declared(converted.declOutput ?? "", text, cell.names);
      state.current = { ...current, after, names: cell.names, last: converted.lastExpressionVar ?? state.last };
      sources.set(current.file, {
        label: current.label,
        text: current.text,
        origin: ({ line, column }) => cell.origin({ line: line - 1, column }),
      });
      return {
        ...converted,
        output: `\n${cell.code}\n//# sourceURL=${current.file}\n`,
        hasToplevelAwait: cell.asynchronous,
        lastExpressionVar: undefined, // `outcome` reads the value instead
      };
    },
  };
  return { tslab, converter, sources, state };
}

/**
 * Makes an interpreter. Takes seconds: it loads the compiler and reads Node's types.
 * @param compiling called when the compiler begins to work, and when it is done
 */
export function createInterpreter(compiling: (busy: boolean) => void): Interpreter {
  const guarded: Guarded = (work) => {
    compiling(true);
    try {
      return work();
    } finally {
      compiling(false);
    }
  };
  let known: () => ReadonlySet<string> = () => new Set();
  const { tslab, converter, sources, state } = createCellCompiler(guarded, () => known());
  let serial = 0;
  let thrown: { readonly error: unknown } | undefined;
  const executor = tslab.createExecutor(converter, { error: (error) => (thrown ??= { error }) });
  const { locals } = executor;
  known = () => new Set(Object.keys(locals));
  let finish: ((done: boolean) => void) | undefined;
  const detached = new MessageChannel();
  let begin: () => Promise<boolean> = async () => true;
  detached.port2.on("message", () => {
    const own = finish;
    void new Promise<boolean>((resolve) => resolve(begin())).then(
      (done) => finish === own && own?.(done),
      (error) => {
        thrown = { error };
        if (finish === own) own?.(false);
      },
    );
  });

  /** Collects the cell's declarations, its last value, or its error. */
  function outcome(done: boolean, before: Readonly<Record<string, unknown>>): Outcome {
    if (state.refused.length > 0) return { kind: "refused", diagnostics: state.refused };
    const { after, names, last } = state.current ?? { names: new Set<string>() };
    const value = last === undefined ? undefined : locals[last];
    if (last !== undefined) delete locals[last];
    const missed = (name: string) => !Object.hasOwn(locals, name) || (Object.hasOwn(before, name) && Object.is(before[name], locals[name]));
    if (after !== undefined)
      state.declarations = done ? after : partlyDeclared(tslab.ts, state.declarations, after, new Set([...names].filter(missed)));
    return done ? { kind: "done", value } : { kind: "thrown", error: thrown ? thrown.error : new Error("the cell ended early") };
  }

  return {
    isCompleteCode: tslab.isCompleteCode,
    printQuickInfo: tslab.printQuickInfo,
    source: (file) => sources.get(file),
    giveUp() {
      executor.interrupt();
      finish?.(false);
    },
    complete: (text, at) => guarded(() => tslab.converter.complete(state.declarations, withoutExports(text, "kept"), at)),
    inspect: (text, at) => guarded(() => tslab.converter.inspect(state.declarations, withoutExports(text, "kept"), at)),
    run(text, label, signal) {
      const before = { ...locals };
      state.current = { file: `veduta-cell-${++serial}`, label, text, names: new Set() };
      state.refused = [];
      thrown = undefined;
      return new Promise((resolve) => {
        finish = (done) => {
          finish = undefined;
          resolve(outcome(done, before));
        };
        begin = () => {
          if (!signal.aborted) return executor.execute(text);
          throw signal.reason; // stopped before it began
        };
        // Ending a loop from outside also ends the calls around it. In a message handler of its own these are only the cell's.
        detached.port1.postMessage(undefined);
      });
    },
  };
}

/** The property of the notebook's object for the last value of a cell with `using`. */
const LAST = "__veduta_last__";

const unwritten = (written: string): boolean => written.startsWith("undefined");
