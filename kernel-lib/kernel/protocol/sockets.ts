/** @file The thread that holds the five sockets: `new Worker(…, { workerData: { file, version } })` binds them and talks to the cells' thread. */
import { randomUUID } from "node:crypto";
import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Publisher, Reply, Router as RouterSocket } from "zeromq";
import { decode, encode, header, type Json, type Message } from "../../ipynb/message.js";
import { CLOSED, COMPILING, type ToCells, type ToSockets, WIDGETS } from "../threads.js";
import { address, readConnection } from "./connection.js";
import { watchParent } from "./parent.js";
import { createRouter } from "./router.js";
import { createSendQueue } from "./send-queue.js";

const { file, version, shared } = workerData as { readonly file: string; readonly version: string; readonly shared: Int32Array };
const cells = parentPort!;
const connection = readConnection(file);
const session = randomUUID();

// A publisher drops messages above its high-water mark. 0 means no mark, so that a slow reader gets everything, late.
const iopub = new Publisher({ sendHighWaterMark: 0, linger: 2000 });
const [shell, control, stdin] = [0, 1, 2].map(() => new RouterSocket({ sendHighWaterMark: 0, linger: 2000 }));
const heartbeat = new Reply();
const logError = (error: unknown) => process.stderr.write(`veduta kernel: ${error}\n`);
const queueOf = (socket: Publisher | RouterSocket) => createSendQueue((frames) => socket.send(frames as Buffer[]), logError);
const queues = new Map([iopub, shell, control, stdin].map((socket) => [socket, queueOf(socket)] as const));

type To = Pick<Message, "identities" | "parent" | "buffers"> & Partial<Pick<Message, "metadata">>;
function send(socket: Publisher | RouterSocket, type: string, content: Json | string, { metadata = {}, ...to }: To): void {
  queues.get(socket)?.push(encode(connection.key, { ...to, header: header(type, session), metadata, content }));
}

const tell = (message: ToCells) => cells.postMessage(message);
const origin = new WeakMap<Message, RouterSocket>();
const router = createRouter({
  version,
  tell,
  reply: (to, type, content) => send(origin.get(to) ?? shell, type, content, { identities: to.identities, parent: to.header }),
  prompt: (to, content) => send(stdin, "input_request", content, { identities: to.identities, parent: to.header }),
  publish: (parent, type, content, binary) =>
    send(iopub, type, content, { identities: [Buffer.from(`kernel.${session}.${type}`)], parent, ...binary }),
  stopLoop,
  compiling: () => Atomics.load(shared, COMPILING) === 1,
  widgetsAsked: () => void Atomics.store(shared, WIDGETS, 1),
  arrived: () => sleep(20),
  end: () => void end(),
  close: () => void close(),
});

/** Terminates the JavaScript that the main thread is running, like a debugger. */
function stopLoop(): void {
  const inspector = new Session();
  inspector.connectToMainThread();
  inspector.post("Runtime.terminateExecution", () => {
    inspector.disconnect();
    tell({ kind: "interrupt", ended: true });
  });
}

async function end(): Promise<void> {
  tell({ kind: "end" });
  await sleep(2000);
  await close();
  await sleep(100);
  process.kill(process.pid, "SIGKILL"); // the main thread is blocked by a loop or the compiler
}

/** Closes the sockets. The process must wait for it, because the binding crashes if a socket is still being read. */
async function close(): Promise<void> {
  await Promise.all([...queues.values()].map((queue) => queue.drained()));
  for (const socket of [...queues.keys(), heartbeat]) socket.close(); // messages in transit are sent while the context ends
  Atomics.store(shared, CLOSED, 1);
  Atomics.notify(shared, CLOSED);
}

async function listen(socket: RouterSocket, heard: (message: Message) => void): Promise<void> {
  for await (const frames of socket) {
    const message = decode(connection.key, frames);
    if (!message) continue;
    origin.set(message, socket);
    try {
      heard(message);
    } catch (error) {
      logError(error); // a bad message must not stop later ones
    }
  }
}

async function beat(): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}

cells.on("message", (message: ToSockets) => router.hear(message));
await Promise.all(
  (
    [
      [shell, connection.shell_port],
      [control, connection.control_port],
      [iopub, connection.iopub_port],
      [stdin, connection.stdin_port],
      [heartbeat, connection.hb_port],
    ] as const
  ).map(([socket, port]) => socket.bind(address(connection, port))),
);
watchParent(() => process.kill(process.pid, "SIGKILL"));
void listen(shell, router.request);
void listen(control, router.request);
void listen(stdin, router.input);
void beat();
