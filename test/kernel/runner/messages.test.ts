import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, header } from "#kernel-lib/kernel/protocol/message.js";

const head = header("execute_request", "session");
const frames = (key: string, content: Record<string, unknown>) =>
  encode(key, { identities: [], header: head, parent: undefined, metadata: {}, content });

test("a message is read back as it was sent, whatever identities stand before it", () =>
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.uint8Array()), (content, identities) => {
      const key = randomUUID();
      const read = decode(key, [...identities, ...frames(key, content)]);
      expect(read?.header).toEqual(head);
      expect(read?.content).toEqual(JSON.parse(JSON.stringify(content)));
    }),
  ));

test("a message that another key signed, or that was changed on its way, is none", () => {
  const key = randomUUID();
  const sent = frames(key, { code: "1" });
  expect(decode(randomUUID(), sent)).toBeUndefined();
  for (const part of sent.keys()) expect(decode(key, sent.with(part, Buffer.concat([sent[part], Buffer.from(" ")])))).toBeUndefined();
});

test("frames that are no message are none, and do not throw", () =>
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      expect(decode("key", parts)).toBeUndefined();
    }),
  ));
