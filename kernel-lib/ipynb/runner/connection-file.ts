/** @file Writes a kernel's connection file: the ports of its five sockets, and the key that signs messages. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The placeholder of the connection file's path in the command that starts a kernel. */
export const CONNECTION_FILE = "{connection_file}";

/** The name of a kernel's socket. */
export type PortName = "shell" | "iopub" | "stdin" | "control" | "hb";
/** The ports of a kernel's sockets. */
export type Ports = Readonly<Record<PortName, number>>;

/** A connection file that was written. */
export interface ConnectionFile {
  readonly file: string;
  readonly key: string;
  address(name: PortName): string;
  /** Deletes the file. */
  remove(): void;
}

/**
 * Finds five free ports. The kernel binds them later, and another program may take one in between: then the kernel is started again with
 * others.
 */
export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const [shell, iopub, stdin, control, hb] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { shell, iopub, stdin, control, hb };
}

/** Writes a connection file that only its owner can read. */
export function writeConnection(ports: Ports): ConnectionFile {
  const dir = mkdtempSync(join(tmpdir(), "veduta-kernel-"));
  const file = join(dir, "connection.json");
  const key = randomUUID();
  const places = Object.fromEntries(Object.entries(ports).map(([name, port]) => [`${name}_port`, port]));
  const facts = { ...places, ip: "127.0.0.1", transport: "tcp", key, signature_scheme: "hmac-sha256", kernel_name: "" };
  writeFileSync(file, JSON.stringify(facts), { mode: 0o600 });
  return { file, key, address: (name) => `tcp://127.0.0.1:${ports[name]}`, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
