/** `--region` of veduta paint and veduta compare, on a toy model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { PaintModel } from "#kernel-lib/cli/command.js";
import { main } from "#kernel-lib/cli.js";
import { maskPng } from "#kernel-lib/conditions/mask-file.js";
import { tensor } from "#kernel-lib/core/tensor.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { toy } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-cli-regions-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `out-${folders++}`);
const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));
const picture = (dir: string) => readFileSync(join(dir, "panorama.png"));

async function veduta(words: readonly string[]): Promise<{ readonly code: number; readonly err: string }> {
  let err = "";
  const model = toy();
  const facts = { device: "cpu", precision: "float32", threads: 2, digest: "feed", path: "/models/toy", notices: [] } as const;
  const code = await main(words, {
    openModel: async () => ({ ...model, ...facts, close: async () => {} }) satisfies PaintModel,
    stdout: { write: () => true },
    stderr: { write: (text) => (err += text) },
    onInterrupt: () => () => {},
  });
  return { code, err };
}

describe.skipIf(!built)("veduta paint --region (needs the built viewer: npm run build)", () => {
  const paint = ["paint", "--method", "regions", "--steps", "4", "--width", "64", "--seed", "5"];

  test("stands once for each region, with a box or a mask's file; the run keeps them, and --from repeats it", async () => {
    const file = join(root, "left.png");
    const left = tensor(
      Float32Array.from({ length: 16 * 64 }, (_, k) => (k % 64 < 32 ? 1 : 0)),
      [1, 1, 16, 64],
    );
    writeFileSync(file, await maskPng(left));
    const [first, again, boxes] = [fresh(), fresh(), fresh()];
    const words = ["--region", `sea=${file}=fog`, "--region", "hills=0.5,0,0.5,1", "--feather", "4"];
    expect(await veduta([...paint, ...words, "--out", first])).toMatchObject({ code: 0 });
    const { info } = await openRun(first);
    expect(info.options).toMatchObject({
      feather: 4,
      bootstrapping: 1,
      regions: [
        { prompt: "sea", negativePrompt: "fog", mask: { shape: [1, 1, 8, 32] } },
        { prompt: "hills", box: [0.5, 0, 0.5, 1] },
      ],
    });
    expect((await veduta(["paint", "--from", first, "--out", again])).code).toBe(0);
    expect(picture(again)).toEqual(picture(first));
    expect(readFileSync(join(first, "regions/1.png"))).toEqual(readFileSync(file));
    expect(readFileSync(join(first, "report.html"), "utf8")).toContain("mask&quot;:&quot;given, [1,1,8,32]&quot;");
    expect(readFileSync(join(first, "report.html"), "utf8")).toContain(
      "--region &#39;sea=regions/1.png=fog&#39; --region &#39;hills=0.5,0,0.5,1&#39;",
    );
    await veduta([...paint, "--region", "sea=0,0,0.5,1=fog", "--region", "hills=0.5,0,0.5,1", "--feather", "4", "--out", boxes]);
    expect(picture(boxes)).toEqual(picture(first));
    await veduta(["paint", "--from", boxes, "--force", "--out", first]); // no mask stays behind
    expect(existsSync(join(first, "regions"))).toBe(false);
  });

  test.each([
    [["--region", "sea"], /--region: got "sea", want PROMPT=x,y,width,height/],
    [["--region", "sea=none.png"], /none\.png: expected a PNG/],
    [["--region", "sea=0,0,0.5,1"], /50 % of the panorama, are not covered; want a prompt for the background/],
    [["--region", "sea=0,0,2,1"], /regions\[0\]\.box: got \[0, 0, 2, 1\]/],
    [["--method", "sync", "--region", "sea=0,0,1,1"], /--region belongs to --method regions, and this is --method sync/],
  ])("refuses %j in one line", async (wrong, message) => {
    const { code, err } = await veduta([...paint, ...wrong, "--out", fresh()]);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });

  test("is taken by veduta compare, whose page says it", async () => {
    const out = fresh();
    const words = ["hills", "--methods", "multi,regions", "--seeds", "1", "--steps", "2", "--width", "64", "--region", "sea=0,0,0.5,1"];
    expect(await veduta(["compare", ...words, "--out", out])).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain("--region &quot;sea=0,0,0.5,1&quot;");
    expect(existsSync(join(out, "regions", "1.png"))).toBe(true);
  });
});
