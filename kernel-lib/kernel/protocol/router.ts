/**
 * @file Routes requests. Cells run one after the other; everything else is answered at once. It knows neither sockets nor the compiler, so tests can
 * drive it by hand.
 */

import type { Header, Json, Message } from "../../ipynb/message.js";
import type { AskedOfCompiler, CommMessage, ExecuteRequest, ToCells, ToSockets } from "../threads.js";
import { kernelInfo } from "./kernel-info.js";

/** What the router calls. */
export interface RouterDeps {
  reply(to: Message, type: string, content: Json): void;
  publish(
    parent: Header,
    type: string,
    content: Json | string,
    binary?: Pick<Message, "buffers"> & Partial<Pick<Message, "metadata">>,
  ): void;
  /** sends an input_request to the sender of a message */
  prompt(to: Message, content: Json): void;
  tell(message: ToCells): void;
  /** stops a synchronous loop from outside, if the cell did not notice an interrupt in time */
  stopLoop(): void;
  compiling(): boolean;
  /** notes that a front end asks which widgets are open: it can show some */
  widgetsAsked(): void;
  /** waits for messages that are still on their way through the socket */
  arrived(): Promise<void>;
  /** ends the process */
  end(): void;
  /** closes the sockets after everything was sent */
  close(): void;
  readonly version: string;
}

/** What calls the router. */
export interface Router {
  /** handles a message of the shell or the control channel */
  request(message: Message): void;
  /** handles a message of the stdin channel */
  input(message: Message): void;
  hear(message: ToSockets): void;
}

/**
 * Milliseconds to wait for a cell's loop to notice the interrupt at its next await. After that the loop is taken to be synchronous and is
 * stopped from outside (`stopLoop`).
 */
const NOTICE_MS = 150;

type Answer = (message: Message, type: string, content: () => Json | Promise<Json>) => Promise<void>;
type Ask = (message: (id: number) => ToCells) => Promise<Json>;

/** Runs execute requests one after the other, and numbers them. */
function createExecutions(deps: RouterDeps, ask: Ask, answer: Answer) {
  const queue: Message[] = [];
  const history: [session: number, line: number, input: string][] = [];
  let active = false;
  let running: Message | undefined;
  let count = 0;

  /** Runs one request. @returns whether it failed in a way that aborts the requests behind it */
  async function execute(message: Message): Promise<boolean> {
    const request = executeRequest(message, count);
    const kept = !request.silent && message.content.store_history !== false;
    let failed = false;
    await answer(message, "execute_reply", async () => {
      const numbered = { ...request, count: kept ? ++count : count };
      if (kept) history.push([0, count, request.code]);
      if (!request.silent) deps.publish(message.header, "execute_input", { code: request.code, execution_count: numbered.count });
      const parent = message.header;
      const content = await ask((id) => ({ kind: "execute", id, parent, request: numbered }));
      failed = content.status === "error" && message.content.stop_on_error !== false;
      if (failed) await deps.arrived();
      return { execution_count: numbered.count, payload: [], ...content };
    });
    return failed;
  }

  async function runQueue(): Promise<void> {
    if (active) return;
    active = true;
    for (let message = queue.shift(); message; message = queue.shift()) {
      running = message;
      const failed = await execute(message);
      running = undefined;
      // Requests that were sent before the client could know of the failure are aborted.
      if (failed)
        for (const doomed of queue.splice(0))
          await answer(doomed, "execute_reply", () => ({ status: "aborted", execution_count: count, payload: [], user_expressions: {} }));
    }
    active = false;
  }

  return {
    history,
    running: () => running,
    add(message: Message): void {
      queue.push(message);
      void runQueue();
    },
  };
}

/** The comms that are open, and the way of their messages to the cells. */
function createCommList(deps: RouterDeps, ask: Ask) {
  const targets = new Map<string, string>();
  return {
    /** Hands a comm's message to the cells' thread, between the states busy and idle. */
    async hear({ header: parent, content, buffers = [] }: Message, type: CommMessage): Promise<void> {
      const { comm_id: comm, target_name: target } = content;
      if (typeof comm !== "string" || (type === "comm_open" && typeof target !== "string")) return; // no message of a comm
      if (type === "comm_open") targets.set(comm, target as string);
      if (type === "comm_close") targets.delete(comm);
      deps.publish(parent, "status", { execution_state: "busy" });
      await ask((id) => ({ kind: "comm", id, type, parent, content, buffers }));
      deps.publish(parent, "status", { execution_state: "idle" });
    },
    /** Notes a comm that a cell opened, with its target, or closed. */
    note({ id, target }: { readonly id: string; readonly target?: string }): void {
      if (target === undefined) targets.delete(id);
      else targets.set(id, target);
    },
    /** The open comms, or those of one target. */
    info({ target_name: wanted }: Json): Json {
      if (wanted === undefined || wanted === "jupyter.widget") deps.widgetsAsked();
      const found = [...targets].filter(([, target]) => wanted === undefined || target === wanted);
      return { status: "ok", comms: Object.fromEntries(found.map(([id, target]) => [id, { target_name: target }])) };
    },
  };
}

/** Makes a router. */
export function createRouter(deps: RouterDeps): Router {
  const waiting = new Map<number, (content: Json) => void>();
  let ids = 0;
  let deadline: NodeJS.Timeout | undefined;

  const ask: Ask = (message) =>
    new Promise((resolve) => {
      const id = ids++;
      waiting.set(id, resolve);
      deps.tell(message(id));
    });

  /** Answers a request, between the states busy and idle. */
  const answer: Answer = async (message, type, content) => {
    deps.publish(message.header, "status", { execution_state: "busy" });
    deps.reply(message, type, await content());
    deps.publish(message.header, "status", { execution_state: "idle" });
  };
  const executions = createExecutions(deps, ask, answer);
  const comms = createCommList(deps, ask);

  function interrupt(): Json {
    deps.tell({ kind: "interrupt", ended: false });
    clearTimeout(deadline);
    deadline = setTimeout(forceStop, NOTICE_MS);
    return { status: "ok" };
  }
  /** Stops the loop, but waits while the compiler works: it must not be terminated, and it ends by itself. */
  function forceStop(): void {
    if (deps.compiling()) deadline = setTimeout(forceStop, NOTICE_MS);
    else deps.stopLoop();
  }

  const compiler = (message: Message, type: AskedOfCompiler) => () => ask((id) => ({ kind: "ask", id, type, content: message.content }));
  const answers: Record<string, (message: Message) => () => Json | Promise<Json>> = {
    kernel_info_request: () => () => kernelInfo(deps.version),
    connect_request: () => () => ({ status: "ok" }),
    comm_info_request: (message) => () => comms.info(message.content),
    history_request: (message) => () => ({ status: "ok", history: chosenHistory(executions.history, message.content) }),
    interrupt_request: () => interrupt,
    complete_request: (message) => compiler(message, "complete_request"),
    inspect_request: (message) => compiler(message, "inspect_request"),
    is_complete_request: (message) => compiler(message, "is_complete_request"),
    shutdown_request: (message) => () => ({ status: "ok", restart: message.content.restart === true }),
  };

  return {
    request(message) {
      const type = message.header.msg_type;
      if (type === "execute_request") return executions.add(message);
      if (isComm(type)) return void comms.hear(message, type);
      const content = Object.hasOwn(answers, type) ? answers[type](message) : undefined;
      if (!content) return;
      const answered = answer(message, type.replace(/request$/, "reply"), content);
      if (type === "shutdown_request") void answered.then(deps.end);
    },
    input(message) {
      if (message.header.msg_type === "input_reply") deps.tell({ kind: "input", value: String(message.content.value ?? "") });
    },
    hear(message) {
      const running = executions.running();
      if (message.kind === "publish") {
        const { parent, type, content, metadata, buffers, comm: changed } = message;
        if (changed) comms.note(changed);
        deps.publish(parent, type, content, { metadata, buffers });
      } else if (message.kind === "prompt") running && deps.prompt(running, message.content);
      else if (message.kind === "close") deps.close();
      else if (message.kind === "interrupted") clearTimeout(deadline);
      else {
        waiting.get(message.id)?.(message.content);
        waiting.delete(message.id);
      }
    },
  };
}

const isComm = (type: string): type is CommMessage => type === "comm_open" || type === "comm_msg" || type === "comm_close";

function executeRequest({ content, metadata }: Message, count: number): ExecuteRequest {
  const expressions = Object.entries(content.user_expressions ?? {}).map(([name, code]) => [name, String(code)]);
  return {
    code: typeof content.code === "string" ? content.code : "",
    silent: content.silent === true,
    userExpressions: Object.fromEntries(expressions),
    allowStdin: content.allow_stdin === true,
    count,
    cell: typeof metadata.cellId === "string" ? metadata.cellId : undefined,
  };
}

/** The entries for a history_request: the last n, a range, or those that match a shell-like pattern. */
function chosenHistory(history: readonly (readonly [number, number, string])[], content: Json): Json[keyof Json] {
  const { hist_access_type: access, n, start, stop, pattern } = content;
  const number = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);
  if (access === "range") return history.filter(([, line]) => line >= number(start, 1) && line < number(stop, Number.POSITIVE_INFINITY));
  const search = String(pattern ?? "*").replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const like = new RegExp(`^${search.replace(/\*/g, "[^]*").replace(/\?/g, "[^]")}$`);
  const found = access === "search" ? history.filter(([, , input]) => like.test(input)) : history;
  return found.slice(Math.max(0, found.length - number(n, found.length)));
}
