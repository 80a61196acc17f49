/** A small Jupyter client for tests: starts a kernel, sends requests, gathers what comes of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Dealer, Subscriber } from "zeromq";
import { decode, encode, header, type Json, type Message } from "#kernel-lib/ipynb/message.js";
import { freePorts, writeConnection } from "#kernel-lib/ipynb/runner/connection-file.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What starts each kernel; stock tslab is there to show what ours repairs. */
export const KERNELS = {
  veduta: (file: string) => [join(ROOT, "dist/kernel-lib/kernel/main.js"), file],
  tslab: (file: string) => [join(ROOT, "node_modules/tslab/bin/tslab"), "kernel", "--config-path", file],
};

export interface Answer {
  readonly reply: Json;
  /** what was published of the request until it was idle, in order */
  readonly published: readonly Message[];
}

export type Client = Awaited<ReturnType<typeof startKernel>>;

/** @param options `cwd`: the notebook's folder; `hear`: told of every message from the kernel that answers a session other than the client's */
export async function startKernel(
  kind: keyof typeof KERNELS,
  {
    cwd = join(ROOT, "notebooks"),
    env = {},
    hear = () => {},
  }: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly hear?: (channel: "shell" | "iopub", message: Message) => void;
  } = {},
) {
  const connection = writeConnection(await freePorts());
  const { key } = connection;
  const child: ChildProcess = spawn(process.execPath, KERNELS[kind](connection.file), {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const session = randomUUID();
  const identity = `client-${session}`;
  const [shell, control, stdin] = (["shell", "control", "stdin"] as const).map((name) => {
    const socket = new Dealer({ routingId: identity, linger: 0 });
    socket.connect(connection.address(name));
    return socket;
  });
  const iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  iopub.connect(connection.address("iopub"));
  iopub.subscribe();

  const replies = new Map<string, (message: Message) => void>();
  const published = new Map<string, Message[]>();
  const idles = new Map<string, () => void>();
  const everything: Message[] = [];
  const inputs: string[] = [];
  const listen = async (socket: Dealer | Subscriber, take: (message: Message) => void) => {
    for await (const frames of socket) {
      const message = decode(key, frames);
      if (message) take(message);
    }
  };
  const others = (channel: "shell" | "iopub", message: Message) => {
    if (message.parent && message.parent.session !== session) hear(channel, message);
  };
  for (const socket of [shell, control])
    void listen(socket, (message) => {
      others("shell", message);
      replies.get(message.parent?.msg_id ?? "")?.(message);
    });
  void listen(iopub, (message) => {
    others("iopub", message);
    const of = message.parent?.msg_id ?? "";
    everything.push(message);
    published.set(of, [...(published.get(of) ?? []), message]);
    if (message.content.execution_state === "idle") idles.get(of)?.();
  });
  const send = (
    socket: Dealer,
    type: string,
    content: Json,
    metadata: Json = {},
    parent?: Message["header"],
    buffers: readonly Uint8Array[] = [],
  ) => {
    const head = header(type, session);
    void socket.send(encode(key, { identities: [], header: head, parent, metadata, content, buffers }) as Buffer[]);
    return head.msg_id;
  };
  void listen(stdin, (message) => {
    const value = inputs.shift();
    if (value !== undefined) send(stdin, "input_reply", { value, status: "ok" }, {}, message.header);
    everything.push(message);
  });

  function request(type: string, content: Json = {}, { channel = shell, metadata = {} } = {}): Promise<Answer> & { readonly id: string } {
    const id = send(channel, type, content, metadata);
    const reply = new Promise<Message>((resolve) => replies.set(id, resolve));
    const idle = new Promise<void>((resolve) => idles.set(id, resolve));
    const answer = Promise.all([reply, idle]).then(([{ content }]) => ({ reply: content, published: published.get(id) ?? [] }));
    return Object.assign(answer, { id });
  }

  // The subscription takes a moment to reach the publisher: ask until a status comes.
  for (;;) {
    const info = request("kernel_info_request");
    if (await Promise.race([info.then(() => true), sleep(1000, false)])) break;
    if (child.exitCode !== null) throw new Error(`the kernel ended with ${child.exitCode}`);
  }
  return {
    child,
    connection,
    everything,
    inputs,
    shell,
    request,
    send,
    /** Sends a message of another session, as it is. */
    pass: (message: Message) => shell.send(encode(key, message) as Buffer[]),
    publishedOf: (id: string) => published.get(id) ?? [],
    /** Sends a comm's message. @returns what was published of it until the kernel was idle */
    async comm(type: "comm_open" | "comm_msg" | "comm_close", content: Json, buffers: readonly Uint8Array[] = []) {
      const id = send(shell, type, content, {}, undefined, buffers);
      await new Promise<void>((resolve) => idles.set(id, resolve));
      return { id, published: published.get(id) ?? [] };
    },
    execute: (code: string, options: Json = {}, metadata: Json = {}) =>
      request(
        "execute_request",
        { code, silent: false, store_history: true, allow_stdin: true, stop_on_error: true, user_expressions: {}, ...options },
        { metadata },
      ),
    control: (type: string, content: Json = {}) => request(type, content, { channel: control }),
    async close() {
      for (const socket of [shell, control, stdin, iopub]) socket.close();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      connection.remove();
    },
  };
}

/** The contents of an answer's messages of one type. */
export const contents = ({ published }: Pick<Answer, "published">, type: string): Json[] =>
  published.filter((message) => message.header.msg_type === type).map((message) => message.content);

/** All the text that an answer printed. */
export const printed = (answer: Pick<Answer, "published">, name: "stdout" | "stderr" = "stdout"): string =>
  contents(answer, "stream")
    .filter((content) => content.name === name)
    .map((content) => content.text)
    .join("");
