import fc from "fast-check";
import { expect, test } from "vitest";
import { newKey, parseMessage, requestFrames } from "#kernel-lib/kernel/runner/messages.js";

const frames = (key: string, content: object) =>
  requestFrames(key, { type: "execute_request", id: "1", session: "s", content }).map((frame) => Buffer.from(frame));

test("a message is read back as it was sent, whatever identities stand before it", () =>
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.uint8Array()), (content, identities) => {
      const key = newKey();
      const read = parseMessage(key, [...identities.map((bytes) => Buffer.from(bytes)), ...frames(key, content)]);
      expect(read?.type).toBe("execute_request");
      expect(read?.id).toBe("1");
      expect(read?.content).toEqual(JSON.parse(JSON.stringify(content)));
    }),
  ));

test("a message that another key signed, or that was changed on its way, is none", () => {
  const key = newKey();
  const sent = frames(key, { code: "1" });
  expect(parseMessage(newKey(), sent)).toBeUndefined();
  for (const part of sent.keys()) {
    const changed = sent.with(part, Buffer.concat([sent[part], Buffer.from(" ")]));
    expect(parseMessage(key, changed)).toBeUndefined();
  }
});

test("frames that are no message are none, and do not throw", () =>
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      expect(
        parseMessage(
          "key",
          parts.map((bytes) => Buffer.from(bytes)),
        ),
      ).toBeUndefined();
    }),
  ));
