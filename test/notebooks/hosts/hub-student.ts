/** @file A student of a hub: a server of one's own, and a notebook's kernel in it, through the REST interface and the websocket that pages use. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "undici";
import { header, type Json } from "#kernel-lib/ipynb/message.js";
import type { Hub } from "./hub-server.js";

/** What came of a cell. */
export interface CellResult {
  readonly status: unknown;
  readonly ename?: unknown;
  readonly printed: string;
}

/** A student with a notebook that runs. */
export interface Student {
  /** Runs a cell. @param heard called with all that it has printed so far */
  cell(code: string, heard?: (printed: string) => void): Promise<CellResult>;
  /** the stop button */
  interrupt(): Promise<void>;
  leave(): void;
}

interface Asked {
  printed: string;
  reply?: Json;
  idle: boolean;
  heard(printed: string): void;
  settle(result: CellResult): void;
}

/** Logs a student in: starts a server, and a kernel for a notebook in its folder. */
export async function startStudent({ ask, address, token }: Hub, name: string): Promise<Student> {
  await ask("POST", `hub/api/users/${name}`);
  await ask("POST", `hub/api/users/${name}/server`);
  const ready = async () => {
    const { servers } = (await ask("GET", `hub/api/users/${name}`)) as { servers: Record<string, { ready: boolean }> };
    return servers[""]?.ready === true;
  };
  for (const until = Date.now() + 90_000; !(await ready()); await sleep(300))
    if (Date.now() > until) throw new Error(`the server of ${name} does not start`);
  const session = { path: "lesson.ipynb", name: "", type: "notebook", kernel: { name: "veduta" } };
  const { kernel } = (await ask("POST", `user/${name}/api/sessions`, session)) as { kernel: { id: string } };
  const channels = `${address.replace("http", "ws")}/user/${name}/api/kernels/${kernel.id}/channels`;
  const socket = new WebSocket(channels, { headers: { authorization: `token ${token}` } });
  const own = randomUUID();
  const asked = new Map<string, Asked>();
  socket.addEventListener("message", ({ data }) => {
    const { parent_header: parent, header: head, content } = JSON.parse(String(data)) as Record<string, Json>;
    const request = asked.get(String(parent.msg_id));
    if (!request) return;
    if (head.msg_type === "stream") {
      request.printed += String(content.text);
      request.heard(request.printed);
    }
    if (head.msg_type === "status" && content.execution_state === "idle") request.idle = true;
    if (head.msg_type === "execute_reply") request.reply = content;
    if (request.reply && request.idle)
      request.settle({ status: request.reply.status, ename: request.reply.ename, printed: request.printed });
  });
  await once(socket, "open");
  return {
    cell(code, heard = () => {}) {
      const head = header("execute_request", own);
      const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true };
      return new Promise((settle) => {
        asked.set(head.msg_id, { printed: "", idle: false, heard, settle });
        socket.send(JSON.stringify({ channel: "shell", header: head, parent_header: {}, metadata: {}, content }));
      });
    },
    interrupt: async () => void (await ask("POST", `user/${name}/api/kernels/${kernel.id}/interrupt`)),
    leave: () => socket.close(),
  };
}
