/** @file The wire's format and the connection file, fuzzed. */
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { decode, encode, header, type Json } from "#kernel-lib/ipynb/message.js";
import { address, readConnection } from "#kernel-lib/kernel/protocol/connection.js";
import { createSendQueue } from "#kernel-lib/kernel/protocol/send-queue.js";

const object = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const frame = fc.oneof(
  fc.uint8Array(),
  fc.constantFrom("<IDS|MSG>", "{}", "[]", "null", '{"msg_id":"a","msg_type":"b"}', "").map((s) => Buffer.from(s)),
);

describe("messages", () => {
  test("what is encoded is decoded", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.uint8Array()), object, object, (key, identities, metadata, content) => {
        fc.pre(!identities.some((identity) => Buffer.from(identity).toString() === "<IDS|MSG>"));
        const message = { identities, header: header("a_request", "s"), parent: header("b", "t"), metadata, content };
        const decoded = decode(key, encode(key, message));
        expect({ ...decoded, identities: decoded?.identities.map((id) => [...id]) }).toEqual({
          ...message,
          identities: identities.map((id) => [...id]),
        });
      }),
    );
  });
  test("frames of any kind are a message or none, without a throw", () => {
    fc.assert(fc.property(fc.constantFrom("", "key"), fc.array(frame, { maxLength: 9 }), (key, frames) => void decode(key, frames)));
  });
  test("one changed byte below a key makes it none", () => {
    const message = { identities: [], header: header("a", "s"), parent: undefined, metadata: {}, content: { code: "1 + 1" } };
    fc.assert(
      fc.property(fc.nat(5), fc.nat(), fc.integer({ min: 1, max: 255 }), (part, at, change) => {
        const frames = encode("key", message).map((f) => Buffer.from(f));
        frames[part][at % frames[part].length] ^= change;
        expect(decode("key", frames)).toBeUndefined();
      }),
    );
  });
  test("the signature is the HMAC of header, parent, metadata and content", () => {
    const [, signature, ...parts] = encode("key", {
      identities: [],
      header: header("a", "s"),
      parent: undefined,
      metadata: {},
      content: {},
    });
    expect(Buffer.from(signature).toString()).toBe(createHmac("sha256", "key").update(Buffer.concat(parts)).digest("hex"));
  });
});

test("a send queue sends in order, one at a time, and goes on after a refusal", async () => {
  const sent: number[] = [];
  const refused: unknown[] = [];
  let busy = 0;
  const send = async ([frame]: Uint8Array[]) => {
    expect(busy++).toBe(0);
    await (frame[0] % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined);
    busy--;
    if (frame[0] === 5) throw new Error("five");
    sent.push(frame[0]);
  };
  const queue = createSendQueue(send, (error) => refused.push(error));
  for (let i = 0; i < 9; i++) queue.push([Uint8Array.of(i)]);
  await queue.drained();
  expect(sent).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
  expect(refused).toEqual([new Error("five")]);
});

describe("connection files", () => {
  const dir = mkdtempSync(join(tmpdir(), "veduta-connection-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "connection.json");
  const good = { shell_port: 1, control_port: 2, iopub_port: 3, stdin_port: 4, hb_port: 5, ip: "127.0.0.1", key: "k", transport: "tcp" };
  test("a whole one is read", () => {
    writeFileSync(file, JSON.stringify({ ...good, signature_scheme: "hmac-sha256", kernel_name: "veduta" }));
    expect(readConnection(file)).toEqual(good);
    expect(address(readConnection(file), 3)).toBe("tcp://127.0.0.1:3");
    expect(address({ ...readConnection(file), transport: "ipc", ip: "/tmp/k" }, 3)).toBe("ipc:///tmp/k-3");
  });
  test.each([
    ["{", "JSON"],
    ["null", "shell_port"],
    [JSON.stringify({ ...good, hb_port: "5" }), 'hb_port "5"'],
    [JSON.stringify({ ...good, signature_scheme: "hmac-md5" }), "hmac-md5"],
    [JSON.stringify({ ...good, transport: "udp" }), "udp"],
  ])("%s is refused by name", (text, why) => {
    writeFileSync(file, text);
    expect(() => readConnection(file)).toThrow(why);
    expect(() => readConnection(file)).toThrow(file);
  });
});
