/** Figures of plain scripts: files, and a page that shows all of them; the same code under node, deno and bun. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { displayable, liveOutput, setSink } from "#kernel-lib/display/display.js";
import { filesSink } from "#kernel-lib/display/display-files.js";
import { libraryText } from "#kernel-lib/pages/display-library.js";
import { RUNTIMES } from "../fixtures/runtimes.js";

const all = mkdtempSync(join(tmpdir(), "veduta-files-"));
afterAll(() => rmSync(all, { recursive: true, force: true }));
const LESSON = resolve(import.meta.dirname, "scripts/lesson.mjs");

let folder = "";
let written: string[] = [];
let count = 0;
beforeEach(() => {
  folder = join(all, `${count++}`, "figures");
  written = [];
  setSink(filesSink({ folder, out: { write: (words: string) => written.push(words) } }));
});
afterEach(() => setSink(undefined));
const files = () => readdirSync(folder).sort();
const figure = (name: string, needs: readonly "viewer"[] = []) =>
  displayable(async () => ({ "text/html": `<p>${name}</p>`, "image/png": "aGk=", "text/plain": `[${name}]` }), { needs });

describe("a plain script's figures", () => {
  test("are numbered files of every form, and a page that shows all, told once", async () => {
    await figure("one").show();
    await figure("two").show();
    expect(files()).toEqual(["001.html", "001.png", "002.html", "002.png", "index.html"]);
    expect(readFileSync(join(folder, "001.png"), "utf8")).toBe("hi");
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page.indexOf("<p>one</p>")).toBeGreaterThan(0);
    expect(page.indexOf("<p>two</p>")).toBeGreaterThan(page.indexOf("<p>one</p>"));
    expect(written).toEqual([
      `[one]  ${join(folder, "001.html")}\n`,
      `all figures: ${join(folder, "index.html")}\n`,
      `[two]  ${join(folder, "002.html")}\n`,
    ]);
  });

  test("have the libraries that they need beside them, once, and no other", async () => {
    await figure("plain").show();
    await figure("live", ["viewer"]).show();
    await figure("live too", ["viewer"]).show();
    expect(readFileSync(join(folder, "veduta-viewer.js"), "utf8")).toBe(libraryText("viewer"));
    const scripts = (name: string) => readFileSync(join(folder, name), "utf8").match(/<script src="[^"]*">/g) ?? [];
    expect([scripts("001.html"), scripts("002.html"), scripts("index.html")]).toEqual([
      [],
      ['<script src="veduta-viewer.js">'],
      ['<script src="veduta-viewer.js">'],
    ]);
  });

  test("that change in place keep their number, and the page has the last", async () => {
    const output = liveOutput();
    await output.set({ "text/html": "<p>half</p>", "text/plain": "half" });
    await figure("other").show();
    await output.set({ "text/html": "<p>whole</p>", "text/plain": "whole" });
    expect(files()).toEqual(["001.html", "002.html", "002.png", "index.html"]);
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page).toContain("<p>whole</p>");
    expect(page).not.toContain("<p>half</p>");
  });

  test("of words alone are printed, not written", async () => {
    await displayable(async () => ({ "text/plain": "a  b" })).show();
    expect(written).toEqual(["a  b\n"]);
    expect(existsSync(folder)).toBe(false);
  });

  test("of pictures alone are on the page too, and captions stay text", async () => {
    await displayable(async () => ({ "image/svg+xml": "<svg/>", "text/plain": '<b>"' })).show();
    expect(files()).toEqual(["001.svg", "index.html"]);
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page).toContain('<img src="001.svg" alt="&lt;b&gt;&quot;">');
    expect(page).not.toContain("<b>");
  });

  test("replace an earlier script's, and leave everything else in the folder", async () => {
    await figure("one").show();
    await figure("two").show();
    writeFileSync(join(folder, "mine.png"), "");
    writeFileSync(join(folder, "003.png"), "");
    mkdirSync(join(folder, "..", "outside"));
    writeFileSync(
      join(folder, "index.html"),
      readFileSync(join(folder, "index.html"), "utf8").replace("002.png", "002.png ../outside mine.png"),
    );
    setSink(filesSink({ folder, out: { write: () => {} } }));
    await figure("new").show();
    expect(files()).toEqual(["001.html", "001.png", "003.png", "index.html", "mine.png"]);
    expect(existsSync(join(folder, "..", "outside"))).toBe(true);
  });

  test("remove nothing but numbered files, whatever the page says", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.constantFrom("../keep", "keep.png", "..", ".", "/etc/hosts", "001.png/../keep.png", "001."))),
        async (names) => {
          const own = join(all, `${count++}`);
          mkdirSync(own);
          writeFileSync(join(own, "keep.png"), "");
          writeFileSync(join(own, "index.html"), `<!-- files of this page: ${names.join(" ")} -->`);
          const sink = filesSink({ folder: own, out: { write: () => {} } });
          await sink.show({ "text/html": "x" }, {});
          expect(readdirSync(own).sort()).toEqual(["001.html", "index.html", "keep.png"]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("that cannot be written say why, and leave no half of a file", async () => {
    mkdirSync(join(folder, "001.html"), { recursive: true });
    await expect(figure("one").show()).rejects.toThrow(/EISDIR|EEXIST|ENOTEMPTY|EPERM/);
    expect(files().filter((name) => name.includes("part"))).toEqual([]);
  });
});

describe.each(RUNTIMES.map((runtime) => [`${runtime.name}${runtime.missing}`, runtime] as const))("%s", (_, { missing, run }) => {
  test.skipIf(missing !== "")("runs a lesson as a script: progress in lines, figures in files", () => {
    const out = join(all, `run-${count++}`);
    const said = run(LESSON, [], { VEDUTA_OUT: out });
    expect(readdirSync(out).sort()).toEqual([
      "001.html",
      "001.png",
      "002.html",
      "002.png",
      "003.html",
      "004.html",
      "004.png",
      "index.html",
      "veduta-viewer.js",
    ]);
    const lines = said.trimEnd().split("\n");
    expect(lines.filter((line) => /^step \d/.test(line))).toHaveLength(5);
    expect(lines.slice(5)).toEqual([
      expect.stringMatching(/^\[5 steps in 0:0\d · .* s per step\] {2}.*001\.html$/),
      `all figures: ${join(out, "index.html")}`,
      `[Waves: panorama 384×64, 360°]  ${join(out, "002.html")}`,
      "step  mean",
      "────  ────",
      "   5   0.5",
      join(out, "003.html"),
      `[flat: picture 384×64]  ${join(out, "004.html")}`,
    ]);
    run(LESSON, ["short"], { VEDUTA_OUT: out });
    expect(readdirSync(out).filter((name) => name.startsWith("004"))).toEqual([]);
  });
});
