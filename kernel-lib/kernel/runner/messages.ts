/** @file Messages of the Jupyter protocol 5.3 as ZeroMQ frames: [identities…, delimiter, signature, header, parent header, metadata, content, buffers…]. */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { isObject, type JsonObject } from "../../checkpoint/json.js";

export interface Message {
  readonly type: string;
  readonly id: string;
  /** id of the request that it answers; empty where there is none */
  readonly parent: string;
  readonly content: JsonObject;
}

const DELIMITER = Buffer.from("<IDS|MSG>");

/** HMAC-SHA256 of the four parts, as hexadecimal digits. */
const sign = (key: string, parts: readonly (string | Buffer)[]): string =>
  parts.reduce((hmac, part) => hmac.update(part), createHmac("sha256", key)).digest("hex");

export interface Request {
  readonly type: string;
  readonly id: string;
  readonly session: string;
  readonly content: object;
  readonly metadata?: object;
}

/** A request's frames, signed. */
export function requestFrames(key: string, { type, id, session, content, metadata = {} }: Request): (string | Buffer)[] {
  const header = { msg_id: id, session, username: "veduta", date: new Date().toISOString(), msg_type: type, version: "5.3" };
  const parts = [header, {}, metadata, content].map((part) => JSON.stringify(part));
  return [DELIMITER, sign(key, parts), ...parts];
}

/** The message of some frames; undefined where they are no message, or not signed with the key. */
export function parseMessage(key: string, frames: readonly Buffer[]): Message | undefined {
  const at = frames.findIndex((frame) => frame.equals(DELIMITER));
  const [signature, ...parts] = frames.slice(at + 1, at + 6);
  if (at < 0 || parts.length < 4) return undefined;
  const wanted = Buffer.from(sign(key, parts));
  if (signature.length !== wanted.length || !timingSafeEqual(signature, wanted)) return undefined;
  const [header, parent, , content] = parts.map((part): unknown => JSON.parse(part.toString()));
  if (!isObject(header) || !isObject(parent) || !isObject(content) || typeof header.msg_type !== "string") return undefined;
  return { type: header.msg_type, id: String(header.msg_id), parent: typeof parent.msg_id === "string" ? parent.msg_id : "", content };
}

/** A key for a connection, or the id of a session. */
export const newKey = (): string => randomUUID();
