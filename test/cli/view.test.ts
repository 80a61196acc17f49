import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CliDeps } from "#kernel-lib/cli/command.js";
import { main } from "#kernel-lib/cli.js";
import { encodePng } from "#kernel-lib/core/image.js";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";

const dir = mkdtempSync(join(tmpdir(), "veduta-view-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const out = join(dir, "page.html");

async function veduta(...words: string[]) {
  let [stdout, stderr] = ["", ""];
  const deps = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  } as unknown as CliDeps;
  return { code: await main(["view", ...words], deps), stdout, stderr };
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
  expect(refused.code).toBe(1);
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
