import fc from "fast-check";
import { expect, test } from "vitest";
import { createStreamText } from "#kernel-lib/ipynb/runner/stream-text.js";

function kept(...messages: string[]): string {
  const text = createStreamText();
  for (const message of messages) text.append(message);
  return text.text();
}

test("a carriage return goes back to the line's begin, where what follows overwrites", () => {
  expect(kept("10 %\r20 %")).toBe("20 %");
  expect(kept("first\nabcdef\rX\n", "next")).toBe("first\nXbcdef\nnext");
  expect(kept("a\r\nb\r", "\n")).toBe("a\nb\n");
  expect(kept("50 %\r")).toBe("50 %");
});

test("a backspace takes the character before it away, and never one of an earlier line", () => {
  expect(kept("abc\b\bX")).toBe("aX");
  expect(kept("a\n\b\bb")).toBe("a\nb");
});

const words = fc.array(fc.constantFrom("\r", "\b", "\n", "a", "bc", "é", "12 %"), { maxLength: 40 });

test("a text gives the same however it is cut into messages", () =>
  fc.assert(
    fc.property(words, (parts) => {
      expect(kept(...parts)).toBe(kept(parts.join("")));
    }),
  ));

test("a text without \\r and \\b stays as it is", () =>
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/[\r\b]/.test(text)),
      (text) => {
        expect(kept(text)).toBe(text);
      },
    ),
  ));
