/** @file The forms of a server's answers. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Tensor } from "../core/tensor.js";
import { binaryMessage, HEAD_LENGTH, type WireTensor } from "../pipelines/serving/wire.js";

/** An answer without a body. */
export function empty(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-length": 0 });
  response.end();
}

/** Text for Prometheus. */
export function plainText(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** An answer in JSON. @param connection "close" where the client must not go on with it */
export function json(response: ServerResponse, status: number, value: object, connection?: "close"): void {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": bytes.length,
    ...(connection && { connection }),
  });
  response.end(bytes);
}

/** An output, and how it was asked for. */
export interface AnswerOutput extends Tensor {
  readonly name: string;
  readonly form: "binary" | "json";
}

/** Outputs, all FP32: binary ones after a JSON head that describes them, the others in it. @param about what the head says besides */
export function outputs(response: ServerResponse, about: object, list: readonly AnswerOutput[]): void {
  const wire = list.map(({ name, shape, data }): WireTensor => ({ name, datatype: "FP32", shape, data }));
  if (list.every(({ form }) => form === "json")) {
    json(response, 200, { ...about, outputs: wire.map((each) => ({ ...each, data: [...each.data] })) });
    return;
  }
  const inHead = new Set(list.filter(({ form }) => form === "json").map(({ name }) => name));
  const { parts, headLength, length } = binaryMessage("outputs", wire, about, inHead);
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length, [HEAD_LENGTH]: headLength });
  for (const part of parts) response.write(part);
  response.end();
}

/** Whether two texts are the same, in a time that does not depend on where they differ. */
export const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
