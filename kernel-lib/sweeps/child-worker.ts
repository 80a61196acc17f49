/** @file One child process that paints, as its sweep sees it. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromWorker, ToWorker, WorkerError } from "./worker-messages.js";

/** What a sweep does with what its child says. `Next` is the key of the next run; undefined ends the child. */
export interface ChildHooks {
  ready(message: Extract<FromWorker, { kind: "ready" }>): void;
  broken(error: WorkerError): void;
  next(): Promise<string | undefined>;
  progress(message: Extract<FromWorker, { kind: "progress" }>): void;
  done(message: Extract<FromWorker, { kind: "done" }>): void;
  /** Called before the next run is asked for. */
  failed(key: string, error: WorkerError): Promise<void>;
  /** It gave the run back. */
  stopped(key: string): void;
  /** It has ended. @param painting the run that it was at, where it died at one; @param isReady whether it had opened its model */
  ended(how: { readonly painting?: string; readonly isReady: boolean; readonly words: string }): void;
}

/** A child process. */
export interface ChildWorker {
  /** Ends it within one network call. */
  stop(): void;
}

const MAIN = fileURLToPath(new URL("./worker-main.js", import.meta.url));

/** Starts a child, which then asks for one run after the other. */
export function childWorker(open: Extract<ToWorker, { kind: "open" }>, hooks: ChildHooks): ChildWorker {
  const child = fork(MAIN, [], { execArgv: [] });
  let painting: string | undefined;
  let isReady = false;
  const say = (message: ToWorker) => {
    if (child.connected) child.send(message, () => {}); // of one that has just died its exit tells
  };
  const give = async () => {
    painting = await hooks.next();
    say(painting === undefined ? { kind: "stop" } : { kind: "paint", key: painting });
  };
  const hear = async (message: FromWorker): Promise<void> => {
    switch (message.kind) {
      case "ready":
        isReady = true;
        hooks.ready(message);
        return give();
      case "broken":
        return hooks.broken(message.error);
      case "progress":
        return hooks.progress(message);
      case "done":
        painting = undefined;
        hooks.done(message);
        return give();
      case "failed":
        painting = undefined;
        await hooks.failed(message.key, message.error);
        return give();
      case "stopped":
        painting = undefined;
        return hooks.stopped(message.key);
    }
  };
  child.on("message", (message: FromWorker) => void hear(message));
  child.on("error", () => {}); // "exit" follows
  child.once("exit", (code, signal) => hooks.ended({ painting, isReady, words: signal ?? `exit code ${code}` }));
  say(open);
  return { stop: () => say({ kind: "stop" }) };
}
