/**
 * @file Who answers what: requests come in, replies and publications go out. Cells are run one after the other, everything else is answered at once.
 * It knows no socket and no compiler, so tests drive it by hand.
 */

import type { Header, Json, Message } from "../../ipynb/message.js";
import type { AskedOfCompiler, ExecuteRequest, ToCells, ToSockets } from "../threads.js";

export interface RouterDeps {
  reply(to: Message, type: string, content: Json): void;
  publish(parent: Header, type: string, content: Json | string): void;
  /** an input_request to whom a message came from */
  prompt(to: Message, content: Json): void;
  tell(message: ToCells): void;
  /** stops a synchronous loop that will not hear of an interrupt; called where none was heard of in time */
  stopLoop(): void;
  compiling(): boolean;
  /** waits for what a client has sent, and is still on its way through the socket */
  arrived(): Promise<void>;
  /** ends the process */
  end(): void;
  /** closes the sockets, once everything is sent */
  close(): void;
  readonly version: string;
}

export interface Router {
  /** a message of the shell or the control channel */
  request(message: Message): void;
  /** a message of the stdin channel */
  input(message: Message): void;
  hear(message: ToSockets): void;
}

/** A loop of a cell hears of an interrupt between two of its steps, if it waits in any; after so long it is taken not to. */
const NOTICE_MS = 150;

export function createRouter(deps: RouterDeps): Router {
  const queue: Message[] = [];
  const history: [session: number, line: number, input: string][] = [];
  const waiting = new Map<number, (content: Json) => void>();
  let active = false;
  let running: Message | undefined;
  let [count, ids] = [0, 0];
  let deadline: NodeJS.Timeout | undefined;

  const ask = (message: (id: number) => ToCells): Promise<Json> =>
    new Promise((resolve) => {
      const id = ids++;
      waiting.set(id, resolve);
      deps.tell(message(id));
    });

  /** Every request is answered between a busy and an idle. */
  async function answer(message: Message, type: string, content: () => Json | Promise<Json>): Promise<void> {
    deps.publish(message.header, "status", { execution_state: "busy" });
    deps.reply(message, type, await content());
    deps.publish(message.header, "status", { execution_state: "idle" });
  }

  async function runQueue(): Promise<void> {
    if (active) return;
    active = true;
    for (let message = queue.shift(); message; message = queue.shift()) {
      running = message;
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
      running = undefined;
      // What was asked for before the failure was known; whoever asks after it has seen the reply.
      if (failed)
        for (const doomed of queue.splice(0))
          await answer(doomed, "execute_reply", () => ({ status: "aborted", execution_count: count, payload: [], user_expressions: {} }));
    }
    active = false;
  }

  function interrupt(): Json {
    deps.tell({ kind: "interrupt", ended: false });
    clearTimeout(deadline);
    deadline = setTimeout(forceStop, NOTICE_MS);
    return { status: "ok" };
  }
  /** Not within the compiler, which must not be ended in the middle, and ends by itself. */
  function forceStop(): void {
    if (deps.compiling()) deadline = setTimeout(forceStop, NOTICE_MS);
    else deps.stopLoop();
  }

  const compiler = (message: Message, type: AskedOfCompiler) => () => ask((id) => ({ kind: "ask", id, type, content: message.content }));
  const answers: Record<string, (message: Message) => () => Json | Promise<Json>> = {
    kernel_info_request: () => () => kernelInfo(deps.version),
    connect_request: () => () => ({ status: "ok" }),
    comm_info_request: () => () => ({ status: "ok", comms: {} }),
    history_request: (message) => () => ({ status: "ok", history: chosenHistory(history, message.content) }),
    interrupt_request: () => interrupt,
    complete_request: (message) => compiler(message, "complete_request"),
    inspect_request: (message) => compiler(message, "inspect_request"),
    is_complete_request: (message) => compiler(message, "is_complete_request"),
    shutdown_request: (message) => () => ({ status: "ok", restart: message.content.restart === true }),
  };

  return {
    request(message) {
      const type = message.header.msg_type;
      if (type === "execute_request") {
        queue.push(message);
        void runQueue();
        return;
      }
      // No comm target is registered here: who opens one is told that it is closed.
      if (type === "comm_open") deps.publish(message.header, "comm_close", { comm_id: message.content.comm_id, data: {} });
      const content = Object.hasOwn(answers, type) ? answers[type](message) : undefined;
      if (!content) return;
      const answered = answer(message, type.replace(/request$/, "reply"), content);
      if (type === "shutdown_request") void answered.then(deps.end);
    },
    input(message) {
      if (message.header.msg_type === "input_reply") deps.tell({ kind: "input", value: String(message.content.value ?? "") });
    },
    hear(message) {
      if (message.kind === "publish") deps.publish(message.parent, message.type, message.content);
      else if (message.kind === "prompt") running && deps.prompt(running, message.content);
      else if (message.kind === "close") deps.close();
      else if (message.kind === "interrupted") clearTimeout(deadline);
      else {
        waiting.get(message.id)?.(message.content);
        waiting.delete(message.id);
      }
    },
  };
}

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

/** Of a history_request: the last n, or a range; `search` patterns are shell-like. */
function chosenHistory(history: readonly (readonly [number, number, string])[], content: Json): Json[keyof Json] {
  const { hist_access_type: access, n, start, stop, pattern } = content;
  const number = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);
  if (access === "range") return history.filter(([, line]) => line >= number(start, 1) && line < number(stop, Number.POSITIVE_INFINITY));
  const search = String(pattern ?? "*").replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const like = new RegExp(`^${search.replace(/\*/g, "[^]*").replace(/\?/g, "[^]")}$`);
  const found = access === "search" ? history.filter(([, , input]) => like.test(input)) : history;
  return found.slice(Math.max(0, found.length - number(n, found.length)));
}

const kernelInfo = (version: string): Json => ({
  status: "ok",
  protocol_version: "5.3",
  implementation: "veduta",
  implementation_version: version,
  language_info: {
    name: "typescript",
    version: "5.0.4",
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    codemirror_mode: { name: "javascript", typescript: true },
    nbconvert_exporter: "script",
  },
  banner: `Veduta ${version}: TypeScript for joint-diffusion panoramas`,
  help_links: [],
  debugger: false,
  supported_features: [],
});
