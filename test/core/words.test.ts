import { expect, test } from "vitest";
import { bytesInWords, clock, duration, short } from "#kernel-lib/core/words.js";

test("a number has three significant digits, and an exponent where it is very large or very small", () => {
  expect([0, 1, 0.25, 12.3456, 999.4, 1000, 0.00012, -2.71].map(short)).toEqual([
    "0",
    "1",
    "0.25",
    "12.3",
    "999",
    "1.0e+3",
    "1.2e-4",
    "-2.71",
  ]);
});

test("bytes have the largest unit that leaves a number of at least 1", () => {
  expect([0, 999, 1000, 7289, 58_900_000, 999_999_999, 5_160_000_000].map(bytesInWords)).toEqual([
    "0 B",
    "999 B",
    "1.00 kB",
    "7.29 kB",
    "58.9 MB",
    "1000 MB",
    "5.16 GB",
  ]);
});

test("seconds become minutes from 60 on, and hours from 3600 on", () => {
  expect([0.25, 59.94, 60, 200, 3599.6, 3900].map(duration)).toEqual([
    "0.25 s",
    "59.9 s",
    "1 min 0 s",
    "3 min 20 s",
    "1 h 0 min",
    "1 h 5 min",
  ]);
});

test("a clock rounds up to whole seconds", () => {
  expect([0, 1, 6001, 760_000, 3_725_000].map(clock)).toEqual(["0:00", "0:01", "0:07", "12:40", "1:02:05"]);
});
