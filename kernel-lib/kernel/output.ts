/**
 * @file Publishes what cells print and show, in order. Text is gathered into few messages. It is sent at once if the last message is old enough, so
 * that the output of a synchronous loop appears while it runs.
 */
import { StringDecoder } from "node:string_decoder";
import type { MimeBundle } from "../core/host.js";

type StreamName = "stdout" | "stderr";

/** The output of cells. */
export interface Output {
  print(name: StreamName, text: string): void;
  display(bundle: MimeBundle, options?: { readonly id?: string; readonly update?: boolean }): void;
  publish(type: string, content: Readonly<Record<string, unknown>>): void;
  /** sends the gathered text; the next text is sent at once */
  flush(): void;
}

const GATHER_MS = 40;
const GATHER_CHARACTERS = 1 << 16;

/** Makes the output of cells. @param send sends a message on the IOPub channel, its content as JSON text */
export function createOutput(send: (type: string, content: string) => void): Output {
  let gathered: { name: StreamName; parts: string[]; length: number } | undefined;
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!gathered) return;
    const { name, parts } = gathered;
    gathered = undefined;
    sent = performance.now();
    send("stream", JSON.stringify({ name, text: parts.join("") }));
  };
  const publish: Output["publish"] = (type, content) => {
    const text = JSON.stringify(content); // first, so that a value that is no JSON throws in the cell that shows it
    flush();
    send(type, text);
  };
  return {
    publish,
    flush() {
      flush();
      sent = Number.NEGATIVE_INFINITY;
    },
    print(name, text) {
      if (text === "") return;
      if (gathered && gathered.name !== name) flush();
      gathered ??= { name, parts: [], length: 0 };
      gathered.parts.push(text);
      gathered.length += text.length;
      if (gathered.length >= GATHER_CHARACTERS || performance.now() - sent > GATHER_MS) flush();
      else timer ??= setTimeout(flush, GATHER_MS);
    },
    display(data, { id, update } = {}) {
      if (update && id === undefined) throw new TypeError("display: got update without an id; want the id under which it was shown");
      const transient = id === undefined ? {} : { display_id: id };
      publish(update ? "update_display_data" : "display_data", { data, metadata: {}, transient });
    },
  };
}

/** Redirects all that the process writes to its standard streams to `print`. */
export function captureStreams(print: Output["print"]): void {
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new StringDecoder("utf8");
    const write = (chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
      print(name, typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk)));
      const callback = typeof encoding === "function" ? encoding : done;
      if (typeof callback === "function") queueMicrotask(() => callback());
      return true;
    };
    Object.defineProperty(process[name], "write", { value: write, configurable: true, writable: true });
  }
}
