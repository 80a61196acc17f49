/** @file A running kernel, as its client sees it: start, requests, interrupt, end. */
import { fileURLToPath } from "node:url";
import { KernelError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { openChannels, type RequestOptions } from "./channels.js";
import { CONNECTION_FILE, freePorts, type Ports, writeConnection } from "./connection-file.js";
import { startProcess } from "./kernel-process.js";

export interface KernelOptions {
  /** program and words, one of them holding {connection_file}; default our own kernel */
  readonly command?: readonly string[];
  /** the notebook's folder */
  readonly cwd: string;
  /** gives up the start, and ends the process */
  readonly signal?: AbortSignal;
  /** default: ports that the system says are free */
  readonly ports?: () => Promise<Ports>;
}

export interface KernelClient {
  /** what the kernel says of itself: `language_info`, `implementation`, … */
  readonly info: JsonObject;
  /** Resolves with a reply's content. @throws KernelError where the kernel ends before it */
  request(type: string, content: JsonObject, options?: RequestOptions): Promise<JsonObject>;
  /** Resolves when the kernel has published nothing for so many milliseconds, or is gone. */
  quiet(milliseconds: number): Promise<void>;
  /** Asks the running cell to stop, as the stop button does. */
  interrupt(): void;
  /** Asks the kernel to end, and ends it where it does not. Nothing of it is left when this resolves. */
  stop(): Promise<void>;
}

/** Our own kernel, on this Node. */
export const ownKernel = (): readonly string[] => [
  process.execPath,
  fileURLToPath(new URL("../../kernel/main.js", import.meta.url)),
  CONNECTION_FILE,
];

/** How long a kernel may take to answer for the first time; one under load took 20 s. */
const START_TIME = 120_000;
/** How long the first cell waits for a kernel to load. */
const LOAD_TIME = 30_000;
/** A request that was sent before the kernel listened to all of its sockets is answered in part: it is sent again after this. */
const ASK_AGAIN = 700;
/** Between the request to shut down, or the kernel's end, and what is done about it. */
const GRACE = 1500;
/** What is still on its way when a kernel ends. */
const IN_TRANSIT = 200;
const TAKEN = /EADDRINUSE|address (is )?already in use|address in use/i;

/** @throws KernelError where no kernel answers: what it wrote says why; `signal`'s reason where that gave it up */
export async function startKernel({ command = ownKernel(), cwd, signal, ports = freePorts }: KernelOptions): Promise<KernelClient> {
  for (let tries = 1; ; tries++) {
    const started = await tryKernel(command, cwd, await ports(), signal);
    if (typeof started !== "string") return started;
    if (signal?.aborted) throw signal.reason;
    if (!TAKEN.test(started) || tries === 5) throw new KernelError(`the kernel ${started}`);
  }
}

/** @returns the client, or why there is none */
async function tryKernel(command: readonly string[], cwd: string, ports: Ports, signal?: AbortSignal): Promise<KernelClient | string> {
  const connection = writeConnection(ports);
  const child = startProcess(
    command.map((word) => word.replaceAll(CONNECTION_FILE, connection.file)),
    cwd,
  );
  const channels = openChannels(connection);
  let gone: string | undefined;
  const over = child.ended.then(async (how) => {
    gone = how;
    await channels.quiet(IN_TRANSIT);
    channels.close(new KernelError(`the kernel ${how}`));
    connection.remove();
  });
  const stop = async () => {
    if (gone === undefined) {
      channels.request("shutdown_request", { restart: false }, { channel: "control" }).catch(() => {});
      await Promise.race([over, wait(GRACE)]);
      child.kill();
    }
    await over;
  };

  const info = await firstAnswer();
  if (typeof info === "string") {
    child.kill();
    await over;
    return `${info}${child.log() ? `\n${child.log()}` : ""}`;
  }
  // The sockets have answered; this is answered by what runs cells, once its compiler is loaded. So a cell's time is its own.
  await Promise.race([channels.request("is_complete_request", { code: "" }).catch(() => {}), wait(LOAD_TIME)]);
  return {
    info,
    request: (type, content, options) =>
      channels.request(type, content, options).catch((error: Error) => {
        throw gone === undefined || !child.log() ? error : new KernelError(`${error.message}\n${child.log()}`);
      }),
    quiet: channels.quiet,
    interrupt() {
      // Our kernel hears a message whatever its cell does, a signal not within a synchronous loop after an await.
      if (process.platform !== "win32" && info.implementation !== "veduta") return child.interrupt();
      channels.request("interrupt_request", {}, { channel: "control" }).catch(() => {});
    },
    stop,
  };

  /** Repeats the first question until a reply and an "idle" arrive: then all sockets are connected. */
  async function firstAnswer(): Promise<JsonObject | string> {
    const until = performance.now() + START_TIME;
    while (performance.now() < until) {
      const reply = channels.request("kernel_info_request", {}).catch(() => undefined);
      const answer = await Promise.race([reply, wait(ASK_AGAIN)]);
      if (answer) return answer;
      if (signal?.aborted) return "was stopped";
      if (gone !== undefined) return gone;
      if (TAKEN.test(child.log())) return "found a port taken"; // a kernel may live on without it
    }
    return `did not answer in ${START_TIME / 1000} s`;
  }
}

const wait = (milliseconds: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds).unref());
