/** @file The connection file of a kernel: where its five sockets are, and the key that signs what passes through them. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Stands for the connection file's path in the command that starts a kernel. */
export const CONNECTION_FILE = "{connection_file}";

export type PortName = "shell" | "iopub" | "stdin" | "control" | "hb";
export type Ports = Readonly<Record<PortName, number>>;

export interface ConnectionFile {
  readonly file: string;
  readonly key: string;
  address(name: PortName): string;
  /** Deletes the file. */
  remove(): void;
}

/**
 * Five ports that were free a moment ago. The kernel binds them itself, and another program may be faster: a kernel that finds one taken
 * is started again with others.
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

/** Writes a connection file that its owner alone can read. */
export function writeConnection(ports: Ports): ConnectionFile {
  const dir = mkdtempSync(join(tmpdir(), "veduta-kernel-"));
  const file = join(dir, "connection.json");
  const key = randomUUID();
  const places = Object.fromEntries(Object.entries(ports).map(([name, port]) => [`${name}_port`, port]));
  const facts = { ...places, ip: "127.0.0.1", transport: "tcp", key, signature_scheme: "hmac-sha256", kernel_name: "" };
  writeFileSync(file, JSON.stringify(facts), { mode: 0o600 });
  return { file, key, address: (name) => `tcp://127.0.0.1:${ports[name]}`, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
