/** @file A kernel's sockets. Replies and publications are matched to requests by message id. */
import { randomUUID } from "node:crypto";
import { Dealer, Subscriber } from "zeromq";
import type { JsonObject } from "../../core/json.js";
import { decode, encode, header, type Message } from "../message.js";
import type { ConnectionFile } from "./connection-file.js";

/** A message that a kernel publishes for a request. */
export interface Published {
  readonly type: string;
  readonly content: JsonObject;
}

/** Options of a request. */
export interface RequestOptions {
  /** default "shell" */
  readonly channel?: "shell" | "control";
  readonly metadata?: JsonObject;
  /** Called for each message that the kernel publishes for this request, also after the reply, until the channels close. */
  readonly on?: (message: Published) => void;
}

/** The client's end of a kernel's sockets. */
export interface Channels {
  /** Sends a request. Resolves with the reply's content once the kernel is idle again. */
  request(type: string, content: JsonObject, options?: RequestOptions): Promise<JsonObject>;
  /** Resolves when nothing was published for this long. */
  quiet(milliseconds: number): Promise<void>;
  /** Closes the sockets; pending requests reject with the reason. */
  close(reason: Error): void;
}

interface Waiting {
  reply?: JsonObject;
  idle: boolean;
  readonly settle: (outcome: JsonObject | Error) => void;
}

/** Milliseconds of silence after a reply until its "idle" counts as lost: stock tslab loses it beyond 512 messages per tick. */
const LOST_IDLE = 5000;

/** Connects to a kernel's sockets. */
export function openChannels({ key, address }: ConnectionFile): Channels {
  // No high-water mark: beyond it, messages of a fast kernel would be dropped.
  const [shell, control] = [new Dealer({ linger: 0, receiveHighWaterMark: 0 }), new Dealer({ linger: 0, receiveHighWaterMark: 0 })];
  const iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  const session = randomUUID();
  const waiting = new Map<string, Waiting>();
  const listeners = new Map<string, (message: Published) => void>();
  let heard = performance.now();
  let closed: Error | undefined;

  const settleIfDone = ({ reply, idle, settle }: Waiting) => {
    if (reply && idle) settle(reply);
  };
  const replied = (message: Message) => {
    const request = waiting.get(message.parent?.msg_id ?? "");
    if (!request) return;
    request.reply = message.content;
    settleIfDone(request);
    if (!request.idle) void silence(LOST_IDLE, { keepsProcess: false }).then(() => request.settle(message.content));
  };
  const published = (message: Message) => {
    heard = performance.now();
    const type = message.header.msg_type;
    if (type !== "status") return listeners.get(message.parent?.msg_id ?? "")?.({ type, content: message.content });
    const request = waiting.get(message.parent?.msg_id ?? "");
    if (!request || message.content.execution_state !== "idle") return;
    request.idle = true;
    settleIfDone(request);
  };
  const silence = async (milliseconds: number, { keepsProcess }: { keepsProcess: boolean }): Promise<void> => {
    for (;;) {
      const left = heard + milliseconds - performance.now();
      if (left <= 0 || closed) return;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        if (!keepsProcess) timer.unref();
      });
    }
  };

  iopub.subscribe();
  for (const [socket, name] of [
    [shell, "shell"],
    [control, "control"],
    [iopub, "iopub"],
  ] as const) {
    socket.connect(address(name));
    void listen(socket, key, name === "iopub" ? published : replied);
  }

  return {
    request(type, content, { channel = "shell", metadata = {}, on } = {}) {
      const head = header(type, session);
      const id = head.msg_id;
      if (on) listeners.set(id, on);
      return new Promise<JsonObject>((resolve, reject) => {
        const settle = (outcome: JsonObject | Error) => {
          waiting.delete(id);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        };
        if (closed) return settle(closed);
        waiting.set(id, { idle: false, settle });
        const socket = channel === "control" ? control : shell;
        socket.send(encode(key, { identities: [], header: head, parent: undefined, metadata, content })).catch(settle);
      });
    },
    quiet: (milliseconds) => silence(milliseconds, { keepsProcess: true }),
    close(reason) {
      if (closed) return;
      closed = reason;
      for (const { settle } of [...waiting.values()]) settle(reason);
      for (const socket of [shell, control, iopub]) socket.close();
    },
  };
}

async function listen(socket: Dealer | Subscriber, key: string, take: (message: Message) => void): Promise<void> {
  try {
    for await (const frames of socket) {
      const message = decode(key, frames);
      if (message) take(message);
    }
  } catch {
    // The socket was closed.
  }
}
