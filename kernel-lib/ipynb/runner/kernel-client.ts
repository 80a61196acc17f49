/** @file Starts a kernel, and sends it requests. */
import { fileURLToPath } from "node:url";
import { KernelError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { openChannels, type RequestOptions } from "./channels.js";
import { CONNECTION_FILE, freePorts, type Ports, writeConnection } from "./connection-file.js";
import { startProcess } from "./kernel-process.js";

/** Options of `startKernel`. */
export interface KernelOptions {
  /** program and arguments, one of them with {connection_file}; default Veduta's kernel */
  readonly command?: readonly string[];
  /** the notebook's folder */
  readonly cwd: string;
  /** aborts the start and ends the process */
  readonly signal?: AbortSignal;
  /** default: free ports of the system */
  readonly ports?: () => Promise<Ports>;
}

/** A running kernel. */
export interface KernelClient {
  /** the kernel's kernel_info_reply: `language_info`, `implementation`, … */
  readonly info: JsonObject;
  /** Resolves with a reply's content. @throws KernelError if the kernel ends before it */
  request(type: string, content: JsonObject, options?: RequestOptions): Promise<JsonObject>;
  /** Resolves when the kernel has published nothing for this long, or has ended. */
  quiet(milliseconds: number): Promise<void>;
  /** Interrupts the running cell, like the stop button. */
  interrupt(): void;
  /** Asks the kernel to end, and kills it if it does not. Resolves when its processes have ended. */
  stop(): Promise<void>;
}

/** The command that starts Veduta's kernel with this Node. */
export const ownKernel = (): readonly string[] => [
  process.execPath,
  fileURLToPath(new URL("../../kernel/main.js", import.meta.url)),
  CONNECTION_FILE,
];

/** Maximum milliseconds until a kernel's first reply; under load one took 20 s. */
const START_TIME = 120_000;
/** Maximum milliseconds that the first cell waits for a kernel to load. */
const LOAD_TIME = 30_000;
/** Milliseconds after which the first request is sent again: a kernel that did not yet listen to all its sockets answers it only in part. */
const ASK_AGAIN = 700;
/** Milliseconds that a kernel has to end after a shutdown request. */
const GRACE = 1500;
/** Milliseconds of silence after a kernel's end until its channels are closed. */
const IN_TRANSIT = 200;
const TAKEN = /EADDRINUSE|address (is )?already in use|address in use/i;

/** Starts a kernel. @throws KernelError with the kernel's log if it does not answer; `signal`'s reason after an abort */
export async function startKernel({ command = ownKernel(), cwd, signal, ports = freePorts }: KernelOptions): Promise<KernelClient> {
  for (let tries = 1; ; tries++) {
    const started = await tryKernel(command, cwd, await ports(), signal);
    if (typeof started !== "string") return started;
    if (signal?.aborted) throw signal.reason;
    if (!TAKEN.test(started) || tries === 5) throw new KernelError(`the kernel ${started}`);
  }
}

/** Tries to start a kernel on these ports. @returns the client, or the reason for the failure */
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
  // The sockets' thread answers at once, but this request waits for the compiler. So the first cell's time does not include loading it.
  await Promise.race([channels.request("is_complete_request", { code: "" }).catch(() => {}), wait(LOAD_TIME)]);
  return {
    info,
    request: (type, content, options) =>
      channels.request(type, content, options).catch((error: Error) => {
        throw gone === undefined || !child.log() ? error : new KernelError(`${error.message}\n${child.log()}`);
      }),
    quiet: channels.quiet,
    interrupt() {
      // Veduta's kernel always gets a message, but misses a signal in a synchronous loop after an await.
      if (process.platform !== "win32" && info.implementation !== "veduta") return child.interrupt();
      channels.request("interrupt_request", {}, { channel: "control" }).catch(() => {});
    },
    stop,
  };

  /** Repeats the first request until a reply and an "idle" arrive: then all sockets are connected. */
  async function firstAnswer(): Promise<JsonObject | string> {
    const until = performance.now() + START_TIME;
    while (performance.now() < until) {
      const reply = channels.request("kernel_info_request", {}).catch(() => undefined);
      const answer = await Promise.race([reply, wait(ASK_AGAIN)]);
      if (answer) return answer;
      if (signal?.aborted) return "was stopped";
      if (gone !== undefined) return gone;
      if (TAKEN.test(child.log())) return "found a port taken"; // a kernel may keep running without that port
    }
    return `did not answer in ${START_TIME / 1000} s`;
  }
}

const wait = (milliseconds: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds).unref());
