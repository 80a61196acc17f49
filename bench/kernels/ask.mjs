/** @file Whether a cell can ask in the front end: a client with Jupyter's stdin channel, which the notebook runner has no use for. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Dealer, Subscriber } from "zeromq";
import { decode, encode, header } from "#kernel-lib/ipynb/message.js";
import { CONNECTION_FILE, freePorts, writeConnection } from "#kernel-lib/ipynb/runner/connection-file.js";
import { startProcess } from "#kernel-lib/ipynb/runner/kernel-process.js";

/** Milliseconds for the kernel's start, and then for the cell. */
const PATIENCE = 20_000;

/** @param {import("./kernels.mjs").Kernel} kernel @param {string} cwd @returns {Promise<boolean>} */
export async function askProbe({ command, words }, cwd) {
  const connection = writeConnection(await freePorts());
  const child = startProcess(
    command.map((word) => word.replaceAll(CONNECTION_FILE, connection.file)),
    cwd,
  );
  const session = randomUUID();
  const [shell, stdin] = [1, 2].map(() => new Dealer({ routingId: session, linger: 0 }));
  const iopub = new Subscriber({ linger: 0 });
  shell.connect(connection.address("shell"));
  stdin.connect(connection.address("stdin"));
  iopub.connect(connection.address("iopub"));
  iopub.subscribe();
  const send = (
    /** @type {Dealer} */ socket,
    /** @type {string} */ type,
    /** @type {Record<string, unknown>} */ content,
    parent = undefined,
  ) => socket.send(encode(connection.key, { identities: [], header: header(type, session), parent, metadata: {}, content }));
  let [printed, answers] = ["", 0];
  /** @param {Dealer | Subscriber} socket @param {(message: import("#kernel-lib/ipynb/message.js").Message) => unknown} take */
  const listen = async (socket, take) => {
    for await (const frames of socket) {
      const message = decode(connection.key, frames);
      if (message) await take(message);
    }
  };
  void listen(shell, () => answers++).catch(() => undefined);
  void listen(iopub, ({ content }) => {
    printed += String(content.text ?? "");
  }).catch(() => undefined);
  void listen(stdin, () => send(stdin, "input_reply", { status: "ok", value: "Ada" })).catch(() => undefined);
  try {
    for (const until = Date.now() + PATIENCE; answers === 0 && Date.now() < until; await sleep(500))
      await send(shell, "kernel_info_request", {});
    await sleep(1000); // every socket is connected then
    await send(shell, "execute_request", { code: words.ask, silent: false, store_history: true, user_expressions: {}, allow_stdin: true });
    for (const until = Date.now() + PATIENCE; !/told|rror/.test(printed) && Date.now() < until; ) await sleep(100);
    return printed.includes("told Ada");
  } finally {
    child.kill();
    await child.ended;
    for (const socket of [shell, stdin, iopub]) socket.close();
    connection.remove();
  }
}
