/** The panoramas of the paper's table: painted once each, gone on with, and refused for other settings. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findPictures } from "#kernel-lib/runs/measure/found-pictures.js";
import { paintPaperPanoramas, paperFolder } from "#kernel-lib/runs/paper-table.js";
import { toy } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-table-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const common = { painter: "toy", prompts: ["hills", "sea"], methods: ["multi", "spot"], panoramas: 2, steps: 2 };
const paint = async (dir: string, change: object = {}) => {
  const seen: string[] = [];
  await paintPaperPanoramas(toy(), { ...common, dir, ...change, progress: (_done, _all, how) => seen.push(how) });
  return seen;
};
const bytesOf = (dir: string, method: string) =>
  readdirSync(paperFolder(dir, method))
    .filter((name) => name.endsWith(".png"))
    .map((name) => readFileSync(join(paperFolder(dir, method), name)));

test("each picture is painted once; more panoramas and other methods go on with the same folder", async () => {
  const dir = join(root, "on");
  expect(await paint(dir)).toEqual(Array(12).fill("painted")); // two prompts, two each, of two methods and the reference
  expect(await paint(dir)).toEqual(Array(12).fill("kept"));
  const more = await paint(dir, { panoramas: 3, methods: ["multi", "spot", "independent"] });
  expect(more.filter((how) => how === "kept")).toHaveLength(12);
  expect(more).toHaveLength(2 * 3 * 4);
});

test("a stopped table goes on to the same pictures", async () => {
  const [whole, stopped] = [join(root, "whole"), join(root, "stopped")];
  await paint(whole);
  const stop = new AbortController();
  let left = 5;
  const halted = paintPaperPanoramas(toy(), {
    ...common,
    dir: stopped,
    signal: stop.signal,
    progress: () => --left === 0 && stop.abort(),
  });
  await expect(halted).rejects.toThrow();
  expect((await paint(stopped)).filter((how) => how === "kept")).toHaveLength(5);
  for (const method of ["reference", "multi", "spot"]) expect(bytesOf(stopped, method)).toEqual(bytesOf(whole, method));
});

test("pictures of one prompt and number are paired, and know their prompt; the reference is one window wide", async () => {
  const dir = join(root, "pairs");
  await paint(dir);
  const [multi, spot] = ["multi", "spot"].map((method) => findPictures(paperFolder(dir, method)));
  expect(multi.map(({ key }) => key)).toEqual(spot.map(({ key }) => key));
  expect(multi.map(({ prompt }) => prompt)).toEqual(["hills", "hills", "sea", "sea"]);
  expect(new Set(multi.map(({ key }) => key)).size).toBe(4);
  expect(statSync(findPictures(paperFolder(dir, "reference"))[0].file).size).toBeLessThan(statSync(multi[0].file).size);
});

test.each([
  ["other steps", { steps: 3 }],
  ["other prompts", { prompts: ["hills"] }],
  ["another model", { painter: "another" }],
])("%s: refused where pictures lie already, and nothing is painted", async (_, change) => {
  const dir = join(root, "settings");
  if (!existsSync(dir)) await paint(dir);
  const before = readdirSync(paperFolder(dir, "multi"));
  await expect(paint(dir, { ...change, panoramas: 4 })).rejects.toThrow(
    /settings\.json: expected the settings of this table.*another folder/,
  );
  expect(readdirSync(paperFolder(dir, "multi"))).toEqual(before);
});

test("fewer than two panoramas have no interval, and are refused", async () => {
  await expect(paint(join(root, "one"), { panoramas: 1 })).rejects.toThrow(/panoramas 1: want a whole number, at least 2/);
  expect(existsSync(join(root, "one"))).toBe(false);
});
