/**
 * @file Encodes and decodes messages of Jupyter's wire protocol 5.3. Their frames are identities, `<IDS|MSG>`, signature, header, parent header,
 * metadata, content, and binary buffers of widgets. Frames that do not parse, or are not signed with the connection's key, are ignored.
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** The version of Jupyter's wire protocol. */
export const PROTOCOL_VERSION = "5.3";
const DELIMITER = "<IDS|MSG>";

/** A JSON object of a message. */
export type Json = Readonly<Record<string, unknown>>;

/** A message's header. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

/** A message. */
export interface Message {
  /** the recipient of a reply; the topic of a publication */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  readonly parent: Header | undefined;
  readonly metadata: Json;
  readonly content: Json;
  /** binary parts, of messages of widgets */
  readonly buffers?: readonly Uint8Array[];
}

/** Makes the header of a new message. */
export const header = (type: string, session: string): Header => ({
  msg_id: randomUUID(),
  msg_type: type,
  session,
  username: "veduta",
  date: new Date().toISOString(),
  version: PROTOCOL_VERSION,
});

/** Signs a message's parts. @param key from the connection file; an empty key means no signature */
export function sign(key: string, parts: readonly Uint8Array[]): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

/** Encodes a message as frames. @param content a JSON object, or its text */
export function encode(key: string, message: Omit<Message, "content"> & { readonly content: Json | string }): Uint8Array[] {
  const { identities, header, parent, metadata, content, buffers = [] } = message;
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const parts = [JSON.stringify(header), JSON.stringify(parent ?? {}), JSON.stringify(metadata), text].map((part) => Buffer.from(part));
  return [...identities, Buffer.from(DELIMITER), Buffer.from(sign(key, parts)), ...parts, ...buffers];
}

/** Decodes frames. @returns undefined for frames that are no message of this connection; they are ignored, as the protocol says */
export function decode(key: string, frames: readonly Uint8Array[]): Message | undefined {
  const at = frames.findIndex((frame) => Buffer.from(frame).toString() === DELIMITER);
  if (at < 0 || frames.length < at + 6) return undefined;
  const parts = frames.slice(at + 2, at + 6);
  const [given, wanted] = [Buffer.from(frames[at + 1]), Buffer.from(sign(key, parts))];
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  const [head, parent, metadata, content] = parts.map(jsonObject);
  if (!head || !parent || !metadata || !content || !isHeader(head)) return undefined;
  return {
    identities: frames.slice(0, at),
    header: head,
    parent: isHeader(parent) ? parent : undefined,
    metadata,
    content,
    ...(frames.length > at + 6 ? { buffers: frames.slice(at + 6) } : {}),
  };
}

function jsonObject(part: Uint8Array): Json | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part).toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

const isHeader = (value: Json): value is Json & Header => typeof value.msg_id === "string" && typeof value.msg_type === "string";
