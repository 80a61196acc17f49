import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { replaceFile, replaceFileSync, writeWhole } from "#kernel-lib/core/write-whole.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "veduta-whole-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("writeWhole makes the folders that are missing", async () => {
  await writeWhole(join(folder, "a/b/file"), "text");
  expect(readFileSync(join(folder, "a/b/file"), "utf8")).toBe("text");
  expect(readdirSync(join(folder, "a/b"))).toEqual(["file"]);
});

test("replaceFile keeps a link a link, and a file's permissions", async () => {
  const [file, link] = [join(folder, "file"), join(folder, "link")];
  writeFileSync(file, "old");
  chmodSync(file, 0o640);
  symlinkSync("file", link);
  await replaceFile(link, "new");
  expect(readlinkSync(link)).toBe("file");
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

const FAILS = {
  "a folder in the file's place": (file: string) => replaceFile(file, "text"),
  "a folder in its place, at once": async (file: string) => replaceFileSync(file, "text"),
  "a writer that throws": async (file: string) =>
    replaceFileSync(join(file, "inside"), (beside) => {
      writeFileSync(beside, "half");
      throw new Error("no more");
    }),
};
test.each(Object.entries(FAILS))("%s leaves nothing beside it", async (_, write) => {
  const file = join(folder, "taken");
  mkdirSync(join(file, "kept"), { recursive: true });
  await expect(write(file)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(["taken"]);
  expect(readdirSync(file)).toEqual(["kept"]);
});

test("replaceFileSync puts a text, or what a function writes, in the file's place", () => {
  const file = join(folder, "file");
  replaceFileSync(file, "text");
  expect(readFileSync(file, "utf8")).toBe("text");
  replaceFileSync(file, (beside) => writeFileSync(beside, "other"));
  expect(readFileSync(file, "utf8")).toBe("other");
  expect(readdirSync(folder)).toEqual(["file"]);
});
