/**
 * @file The kernel's process: `node main.js {connection_file}`. Cells run in the main thread, like any program. The sockets are in another thread,
 * which answers even while a cell blocks the main one.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { setKernelHost } from "../core/host.js";
import type { Header } from "../ipynb/message.js";
import type { Prompt } from "./cell-globals.js";
import { cellModules } from "./cell-modules.js";
import { type CellRuntime, RUNTIME_KEY } from "./cell-runtime.js";
import { answerOf, createPending, runCell } from "./cells.js";
import { createComms } from "./comms.js";
import { createInterpreter, type Interpreter } from "./interpreter.js";
import { type CellContext, createInterrupts, Interrupted } from "./interrupts.js";
import { captureStreams, createOutput } from "./output.js";
import { CLOSED, COMPILING, type ExecuteRequest, type ToCells, type ToSockets, WIDGETS } from "./threads.js";
import { failureOf } from "./traceback.js";

const file = process.argv[2];
if (file === undefined) {
  process.stderr.write("veduta kernel: got no connection file; a Jupyter front end starts this program with one\n");
  process.exit(2);
}
const { version } = createRequire(import.meta.url)("../../../package.json") as { version: string };
const shared = new Int32Array(new SharedArrayBuffer(12));
const sockets = new Worker(new URL("./protocol/sockets.js", import.meta.url), {
  workerData: { file, version, shared },
});
const say = process.stderr.write.bind(process.stderr);
sockets.on("error", (error) => {
  say(`veduta kernel: ${error.stack}\n`);
  shared[CLOSED] = 1;
  process.exit(1);
});
const tell = (message: ToSockets) => sockets.postMessage(message);

let newest: { readonly parent: Header; readonly request: ExecuteRequest } | undefined;
/** the comm's message that is being handled: what its handler prints belongs to it */
let handled: Header | undefined;
const output = createOutput((type, content) => {
  if (handled) tell({ kind: "publish", parent: handled, type, content });
  else if (newest && !newest.request.silent) tell({ kind: "publish", parent: newest.parent, type, content });
});
const comms = createComms(
  ({ type, content, ...rest }) => {
    const parent = handled ?? newest?.parent;
    if (parent) tell({ kind: "publish", parent, type, content: JSON.stringify(content), ...rest });
  },
  () => Atomics.load(shared, WIDGETS) === 1,
);
const pending = createPending();
const interrupts = createInterrupts();
let answered: ((value: string) => void) | undefined;

const prompt: Prompt = (message = "", { hidden = false } = {}) => {
  if (!newest?.request.allowStdin)
    return Promise.reject(new Error("prompt: this front end cannot ask (allow_stdin is false); give the value in the cell instead"));
  output.flush();
  tell({ kind: "prompt", content: { prompt: message, password: hidden } });
  return new Promise((resolve) => (answered = resolve));
};
const folder = process.cwd();
const runtime: CellRuntime = { ...interrupts.runtime, ...cellModules(folder) };
Object.assign(globalThis, { prompt, __dirname: folder, __filename: join(folder, "notebook.ts"), [RUNTIME_KEY]: runtime });
setKernelHost({
  display: output.display,
  get signal() {
    return interrupts.newest()?.signal ?? new AbortController().signal;
  },
  get cell() {
    return interrupts.newest()?.cell ?? "";
  },
  waitFor: pending.add,
  comms,
});

process.on("exit", () => {
  output.flush();
  tell({ kind: "close" });
  Atomics.wait(shared, CLOSED, 0, 2000);
});
const stop = () => interrupts.stop();
process.on("SIGINT", stop);
let stopped: CellContext | undefined;

const compiling = (busy: boolean) => void Atomics.store(shared, COMPILING, busy ? 1 : 0);
compiling(true); // until the compiler is loaded
let interpreter: Interpreter | undefined;
const traces = { source: (name: string) => interpreter?.source(name), waits: interrupts.waits };
for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error) => {
    if (error instanceof Interrupted) return; // background work of a stopped cell is not reported
    output.print("stderr", `In the background: ${failureOf(error, traces).traceback.join("\n")}\n`);
  });

/** Answers one request; it never throws. */
async function answer(id: number, content: () => Promise<Record<string, unknown>>): Promise<void> {
  try {
    tell({ kind: "reply", id, content: await content() });
  } catch (error) {
    tell({ kind: "reply", id, content: { status: "error", ...failureOf(error, traces) } });
  }
}

sockets.on("message", (message: ToCells) => {
  interpreter ??= createInterpreter(compiling);
  const compiler = interpreter;
  if (message.kind === "interrupt") {
    tell({ kind: "interrupted" });
    if (!message.ended) {
      stopped = interrupts.newest();
      interrupts.stop();
    } else {
      // Node's vm removes the listeners while a cell runs, and does not restore them when the code is terminated.
      process.off("SIGINT", stop).on("SIGINT", stop);
      if (stopped === interrupts.newest()) interrupts.stop(0);
    }
  } else if (message.kind === "end") process.exit(0);
  else if (message.kind === "comm") {
    const { id, type, parent, content, buffers } = message;
    handled = parent;
    try {
      comms.hear(type, content, buffers);
    } catch (error) {
      output.print("stderr", `In a widget: ${failureOf(error, traces).traceback.join("\n")}\n`);
    }
    output.flush();
    handled = undefined;
    tell({ kind: "reply", id, content: {} });
  } else if (message.kind === "input") answered?.(message.value);
  else if (message.kind === "ask") void answer(message.id, async () => answerOf(message.type, message.content, compiler));
  else {
    newest = message;
    const deps = { interpreter: compiler, interrupts, output, pending, ...traces };
    void answer(message.id, () => runCell(message.request, deps));
  }
});
captureStreams(output.print);
interpreter = createInterpreter(compiling);
