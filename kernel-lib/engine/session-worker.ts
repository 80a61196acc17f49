/** @file The worker's side of runtime.ts. */
import { parentPort } from "node:worker_threads";
import type { Reply, Request } from "./runtime.js";
import { type DeviceResults, freeBuffer, openOnDevice, openSession, type Results, type Session } from "./session.js";

const sessions = new Map<number, Session<Results | DeviceResults>>();
let queue = Promise.resolve();

async function answer(request: Exclude<Request, { kind: "end" }>): Promise<number | Results | DeviceResults | undefined> {
  if (request.kind === "open") {
    const open = request.results === "device" ? openOnDevice : openSession;
    sessions.set(request.id, await open(request.model, request.options));
    return request.id;
  }
  if (request.kind === "free") {
    freeBuffer(request.buffer);
    return undefined;
  }
  const session = sessions.get(request.session);
  if (!session) throw new Error(`session ${request.session} was released`);
  if (request.kind === "run") return session.run(request.feeds);
  sessions.delete(request.session);
  await session.release();
  return undefined;
}

let ended = false;

function take(request: Request): void {
  if (request.kind === "end") ended = true; // and nobody waits for an answer any more
  queue = queue.then(async () => {
    if (request.kind === "end") {
      for (const session of sessions.values()) await session.release();
      parentPort?.off("message", take); // with nothing left to wait for, the thread ends; Deno's port has no close()
    }
    if (request.kind === "end" || ended) return;
    let reply: Reply;
    let transfer: ArrayBuffer[] = [];
    try {
      const value = await answer(request);
      if (typeof value === "object")
        transfer = Object.values(value).flatMap((result) => ("buffer" in result ? [] : [result.data.buffer as ArrayBuffer])); // results move, they are not copied
      reply = { id: request.id, value };
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
    }
    parentPort?.postMessage(reply, transfer);
  });
}

parentPort?.on("message", take);
