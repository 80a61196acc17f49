/** @file Turns a kernel's publications into a notebook's outputs: streams are joined, displays updated, outputs cleared. */
import { isObject, type JsonObject } from "../../core/json.js";
import type { ErrorOutput, MimeData, Output, StreamOutput } from "../nbformat.js";
import type { Published } from "./channels.js";
import { createStreamText, type StreamText } from "./stream-text.js";

/** The outputs of one cell, while it runs. */
export interface CellOutputs {
  take(message: Published): void;
  /** Adds an error of the runner. */
  fail(error: Omit<ErrorOutput, "output_type">): void;
  /** The outputs so far. */
  list(): Output[];
}

interface Stream {
  readonly kind: "stream";
  readonly name: StreamOutput["name"];
  readonly text: StreamText;
}
/** A display or an error. An update of a display's id changes its data. */
interface KeptDisplay {
  readonly kind: "shown";
  output: Exclude<Output, StreamOutput>;
}

/** Makes the outputs of a notebook's cells. They share displays: a later cell may update an earlier cell's display. */
export function createOutputs(): { cell(): CellOutputs } {
  const displays = new Map<string, KeptDisplay[]>();

  const update = (id: string, data: MimeData, metadata: JsonObject) => {
    for (const shown of displays.get(id) ?? []) if ("data" in shown.output) shown.output = { ...shown.output, data, metadata };
  };

  const cell = (): CellOutputs => {
    let kept: (Stream | KeptDisplay)[] = [];
    let clearsNext = false;
    const keep = <T extends Stream | KeptDisplay>(entry: T): T => {
      if (clearsNext) kept = [];
      clearsNext = false;
      kept.push(entry);
      return entry;
    };
    const show = (content: JsonObject, output: KeptDisplay["output"]) => {
      const id = isObject(content.transient) ? content.transient.display_id : undefined;
      const shown = keep<KeptDisplay>({ kind: "shown", output });
      if (typeof id !== "string") return;
      if ("data" in output) update(id, output.data, output.metadata);
      displays.set(id, [...(displays.get(id) ?? []), shown]);
    };
    const write = (name: Stream["name"], text: string) => {
      const last = clearsNext ? undefined : kept[kept.length - 1];
      const stream =
        last?.kind === "stream" && last.name === name ? last : keep<Stream>({ kind: "stream", name, text: createStreamText() });
      stream.text.append(text);
    };
    return {
      take({ type, content }) {
        const [data, metadata] = [dataOf(content), isObject(content.metadata) ? content.metadata : {}];
        if (type === "stream") write(content.name === "stderr" ? "stderr" : "stdout", String(content.text ?? ""));
        else if (type === "display_data") show(content, { output_type: type, data, metadata });
        else if (type === "execute_result") show(content, { output_type: type, data, metadata, execution_count: countOf(content) });
        else if (type === "error") keep({ kind: "shown", output: { output_type: type, ...errorOf(content) } });
        else if (type === "update_display_data") {
          const id = isObject(content.transient) ? content.transient.display_id : undefined;
          if (typeof id === "string") update(id, data, metadata);
        } else if (type === "clear_output") {
          clearsNext = content.wait === true;
          if (!clearsNext) kept = [];
        }
      },
      fail: (error) => void keep({ kind: "shown", output: { output_type: "error", ...error } }),
      list: () =>
        kept.map((entry) =>
          entry.kind === "stream"
            ? { output_type: "stream", name: entry.name, text: inLines(entry.text.text()) }
            : "data" in entry.output
              ? { ...entry.output, data: withLines(entry.output.data) }
              : entry.output,
        ),
    };
  };
  return { cell };
}

const dataOf = ({ data }: JsonObject): MimeData => (isObject(data) ? (data as MimeData) : {});
/** The execution count of a reply; null if it has none. */
export const countOf = ({ execution_count: count }: JsonObject): number | null => (typeof count === "number" ? count : null);

/** The three fields of an error, as texts, from whatever a kernel sent. */
export const errorOf = ({ ename, evalue, traceback }: JsonObject): Omit<ErrorOutput, "output_type"> => ({
  ename: String(ename ?? "Error"),
  evalue: String(evalue ?? ""),
  traceback: Array.isArray(traceback) ? traceback.map(String) : [],
});

/** Splits text into lines that keep their newlines, as notebooks do. */
export const inLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

const withLines = (data: MimeData): MimeData =>
  Object.fromEntries(
    Object.entries(data).map(([type, value]) => [type, typeof value === "string" && isText(type) ? inLines(value) : value]),
  );

const isText = (type: string): boolean => type.startsWith("text/") || type === "image/svg+xml" || type === "application/javascript";
