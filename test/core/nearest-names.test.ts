import { expect, test } from "vitest";
import { nearestNames } from "#kernel-lib/core/nearest-names.js";

test("the names nearest in letters come first; case does not count; equally near ones keep their order", () => {
  const names = ["Tower", "boat", "moat", "sun", "goat", "mountain"];
  expect(nearestNames("BOAT", names, 3)).toEqual(["boat", "moat", "goat"]);
  expect(nearestNames("towre", names, 1)).toEqual(["Tower"]);
  expect(nearestNames("kitten", ["sitting", "kitchen", "mitten"], 3)).toEqual(["mitten", "kitchen", "sitting"]);
});

test("few names give few, and none gives none", () => {
  expect(nearestNames("x", ["a"])).toEqual(["a"]);
  expect(nearestNames("x", [])).toEqual([]);
});
