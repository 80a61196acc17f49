import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CliDeps } from "#kernel-lib/cli/command.js";
import { labels } from "#kernel-lib/cli/view-labels.js";
import { main } from "#kernel-lib/cli.js";
import { encodePng } from "#kernel-lib/core/image.js";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";

const dir = mkdtempSync(join(tmpdir(), "veduta-view-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const out = join(dir, "page.html");

async function veduta(...words: string[]) {
  let [stdout, stderr] = ["", ""];
  const opened: string[] = [];
  const deps = {
    openPage: async (file: string) => opened.push(file) > 0,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  } as unknown as CliDeps;
  return { code: await main(["view", ...words], deps), stdout, stderr, ...(opened.length > 0 && { opened }) };
}

test("veduta view of an image says what it took it for, and of an unknown one what would tell it", async () => {
  const [sphere, strip] = [join(dir, "sphere.png"), join(dir, "strip.png")];
  writeFileSync(sphere, await encodePng(landscape(128, 64)));
  writeFileSync(strip, await encodePng(landscape(384, 64)));
  expect(await veduta(sphere, "--out", out)).toEqual({
    code: 0,
    stdout: `sphere.png: a full sphere, because it is twice as wide as high\n${out}\n`,
    stderr: "",
  });
  expect(readFileSync(out, "utf8")).toContain('"vertical":180');
  rmSync(out);
  const refused = await veduta(strip, "--out", out);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`error: ${strip}: 384 × 64 pixels`);
  expect(refused.stderr).toContain("give the horizontal angle");
  expect(existsSync(out)).toBe(false);
  const said = await veduta(strip, "--haov", "360", "--projection", "cylinder", "--out", out);
  expect(said.stdout).toContain("strip.png: 360° × 55.3° cylinder, as said");
  expect((await veduta(join(dir, "none.png"), "--out", out)).stderr).toContain("no such file or folder");
});

test("veduta view of two runs compares them, steps and all", async () => {
  const [a, b] = [join(dir, "a"), join(dir, "b")];
  await saveRun(a, paintedRun({ width: 256, steps: 3, loop: false, prompt: "<i>" }));
  await saveRun(b, paintedRun({ width: 256, steps: 3, loop: false, method: "multi" }));
  expect((await veduta(a, b, "--out", out)).code).toBe(0);
  const page = readFileSync(out, "utf8");
  expect(page).toContain('"compare":"swipe"');
  expect(page).toContain("mountains in the evening (multi)");
  expect(page).not.toContain("<i> (sync)");
  expect(page).toMatch(/"caption":"[^"]* \(sync\): Made by [^"]* with SyncDiffusion[^"]* \(multi\): Made by [^"]* with MultiDiffusion/);
});

test("a folder as --out is refused, with a file's name in it", async () => {
  const { code, stderr } = await veduta(join(dir, "a"), "--out", dir);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining(`--out ${dir}: got a folder, want the page's file, such as ${join(dir, "index.html")}`),
  ]);
});

test("veduta view of three panoramas compares them all", async () => {
  const names = ["one.png", "two.png", "<three>.png"];
  for (const name of names) writeFileSync(join(dir, name), await encodePng(landscape(128, 64)));
  const { code, stdout } = await veduta(...names.map((name) => join(dir, name)), "--out", out);
  expect(code).toBe(0);
  expect(stdout.split("\n")).toHaveLength(5);
  const page = readFileSync(out, "utf8");
  expect(page).toContain("<h1>one.png, two.png and &lt;three&gt;.png</h1>");
  expect(page.match(/"src":"data:image\/png/g)).toHaveLength(2);
});

test("without --out the page lies beside the picture, with its name; a page that is none of these is not replaced", async () => {
  const [picture, other] = [join(dir, "hill top.png"), join(dir, "sea.png")];
  for (const file of [picture, other]) writeFileSync(file, await encodePng(landscape(128, 64)));
  const page = join(dir, "hill top.html");
  for (const time of ["first", "again"])
    expect([time, (await veduta(picture, "--open")).opened, existsSync(page)]).toEqual([time, [page], true]);
  expect((await veduta(picture, other)).stdout).toContain(`${join(dir, "hill top-sea.html")}\n`);
  writeFileSync(page, "<title>my own</title>");
  expect(await veduta(picture)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${page}: is there, and not a page of veduta view`),
  });
  expect(readFileSync(page, "utf8")).toBe("<title>my own</title>");
});

test("without a picture the page opens that shows what is dropped on it", async () => {
  const { code, stdout, opened } = await veduta();
  expect([code, opened]).toEqual([0, [stdout.trim()]]);
  expect(stdout).toMatch(/dist.viewer.index\.html\n$/);
  expect((await veduta("--out", out)).stderr).toContain("--out names the page of a picture or a run");
});

test("a picture that cannot be read is named, and HEIC by its own name", async () => {
  const [heic, cut] = [join(dir, "phone.heic"), join(dir, "cut.png")];
  writeFileSync(heic, Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"));
  writeFileSync(cut, (await encodePng(landscape(128, 64))).subarray(0, 300));
  expect((await veduta(heic)).stderr).toContain(
    `${heic}: expected a PNG, JPEG or WebP image, found HEIC, which is not read; export it as JPEG`,
  );
  expect((await veduta(cut)).stderr).toContain(`${cut}: expected a PNG, JPEG or WebP image`);
});

test("compared runs are labelled by what differs, and by their folders where nothing does", () => {
  const run = (path: string, options: object) => ({ path, name: "hills (multi)", options: { ...options } });
  const first = run("a", { seed: 3, steps: 50, prompt: "hills" });
  expect(labels([first, run("b", { seed: 3, steps: 60 })])).toEqual(["hills (multi), 50 steps", "hills (multi), 60 steps"]);
  expect(labels([first, run("b", { seed: 4, steps: 60 })])).toEqual(["hills (multi), seed 3, 50 steps", "hills (multi), seed 4, 60 steps"]);
  expect(labels([first, { ...first, path: "x/b" }])).toEqual(["hills (multi), a", "hills (multi), b"]);
  expect(
    labels([
      { ...first, path: "x/a" },
      { ...first, path: "y/a" },
    ]),
  ).toEqual(["hills (multi), x/a", "hills (multi), y/a"]);
  expect(labels([first, { path: "p.png", name: "p.png" }])).toEqual(["hills (multi)", "p.png"]);
});
