/** @file As much of a Jupyter client as a benchmark needs. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer } from "zeromq";
import { decode, encode, header } from "#kernel-lib/kernel/protocol/message.js";

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/**
 * Starts a kernel and waits until it answers.
 * @param {string} main @param {string} cwd the notebooks' folder
 */
export async function connect(main, cwd) {
  const dir = mkdtempSync(join(tmpdir(), "veduta-bench-kernel-"));
  const file = join(dir, "connection.json");
  const names = ["shell_port", "control_port", "iopub_port", "stdin_port", "hb_port"];
  const ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()])));
  writeFileSync(file, JSON.stringify({ transport: "tcp", ip: "127.0.0.1", key: "bench", ...ports }));
  const child = spawn(process.execPath, [main, file], { cwd, stdio: ["ignore", "inherit", "inherit"] });
  const [shell, control] = [ports.shell_port, ports.control_port].map((port) => {
    const socket = new Dealer({ linger: 0 });
    socket.connect(`tcp://127.0.0.1:${port}`);
    return socket;
  });
  /** @type {Map<string, (content: Readonly<Record<string, unknown>>) => void>} */
  const waiting = new Map();
  for (const socket of [shell, control])
    void (async () => {
      for await (const frames of socket) {
        const message = decode("bench", frames);
        waiting.get(message?.parent?.msg_id ?? "")?.(message?.content ?? {});
      }
    })();
  /** @param {Dealer} socket @param {string} type @param {Record<string, unknown>} content @returns {Promise<Readonly<Record<string, unknown>>>} */
  const ask = (socket, type, content) => {
    const head = header(type, "bench");
    void socket.send(/** @type {Buffer[]} */ (encode("bench", { identities: [], header: head, parent: undefined, metadata: {}, content })));
    return new Promise((resolve) => waiting.set(head.msg_id, resolve));
  };
  await ask(shell, "kernel_info_request", {});
  return {
    /** @param {string} code */
    execute: (code) => ask(shell, "execute_request", { code }),
    interrupt: () => ask(control, "interrupt_request", {}),
    close() {
      for (const socket of [shell, control]) socket.close();
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true });
    },
  };
}
