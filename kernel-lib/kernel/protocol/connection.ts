/** @file Reads the connection file, which tells a kernel where to listen. */
import { readFileSync } from "node:fs";

const PORTS = ["shell_port", "control_port", "iopub_port", "stdin_port", "hb_port"] as const;

/** The content of a connection file. */
export interface Connection extends Readonly<Record<(typeof PORTS)[number], number>> {
  readonly transport: "tcp" | "ipc";
  readonly ip: string;
  /** the key that signs messages; empty: they are not signed */
  readonly key: string;
}

/** Reads a connection file. @throws Error with the file and what is wrong with it */
export function readConnection(file: string): Connection {
  const refuse = (got: string) => new Error(`${file}: ${got}; want a connection file, as a Jupyter front end writes it`);
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(readFileSync(file, "utf8")) ?? {};
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  const { transport = "tcp", ip = "127.0.0.1", key = "", signature_scheme: scheme = "hmac-sha256" } = fields;
  if (transport !== "tcp" && transport !== "ipc") throw refuse(`got transport ${JSON.stringify(transport)}`);
  if (typeof ip !== "string" || typeof key !== "string") throw refuse("ip and key are not texts");
  if (key !== "" && scheme !== "hmac-sha256")
    throw refuse(`got signature_scheme ${JSON.stringify(scheme)}, but this kernel supports only hmac-sha256`);
  const ports = PORTS.map((name) => {
    const port = fields[name];
    if (typeof port !== "number" || !Number.isInteger(port)) throw refuse(`got ${name} ${JSON.stringify(port)}`);
    return [name, port] as const;
  });
  return { transport, ip, key, ...(Object.fromEntries(ports) as Record<(typeof PORTS)[number], number>) };
}

/** The address of one of its sockets. */
export const address = ({ transport, ip }: Connection, port: number): string =>
  `${transport}://${ip}${transport === "tcp" ? ":" : "-"}${port}`;
