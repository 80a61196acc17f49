/** `--control` and `--control-net` of veduta paint and veduta compare, on a toy model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CliDeps, PaintModel } from "#kernel-lib/cli/command.js";
import { main } from "#kernel-lib/cli.js";
import { horizon } from "#kernel-lib/conditions/horizon.js";
import { maskPng } from "#kernel-lib/conditions/mask-file.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { controlToy } from "../methods/joint/control-toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-cli-control-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `out-${folders++}`);
const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));
const picture = (dir: string) => readFileSync(join(dir, "panorama.png"));

async function veduta(words: readonly string[]) {
  let err = "";
  let asked: Parameters<CliDeps["openModel"]>[1] | undefined;
  const facts = { device: "cpu", precision: "float32", threads: 2, digest: "feed", path: "/models/toy", notices: [] } as const;
  const code = await main(words, {
    openModel: async (_, options) => {
      asked = options;
      return { ...controlToy(options.control ?? []), ...facts, close: async () => {} } satisfies PaintModel;
    },
    stdout: { write: () => true },
    stderr: { write: (text) => (err += text) },
    onInterrupt: () => () => {},
  });
  return { code, err, asked };
}

describe.skipIf(!built)("veduta paint --control (needs the built viewer: npm run build)", () => {
  const paint = ["paint", "hills", "--method", "multi", "--steps", "4", "--width", "64", "--seed", "5"];
  const file = join(root, "skyline.png");

  test("is taken once for each use, with its ControlNet; the run keeps both, and --from repeats it", async () => {
    writeFileSync(file, await maskPng(horizon([0.2, 0.8], { width: 64, height: 16 })));
    const [first, again, plain] = [fresh(), fresh(), fresh()];
    const nets = ["--control-net", "skyline", "--control-net", "nets/canny"];
    const words = ["--control", `${file},scale=0.8,end=0.75`, "--control", `${file},net=1,kind=canny,mode=guess`];
    const done = await veduta([...paint, ...nets, ...words, "--out", first]);
    expect(done).toMatchObject({ code: 0, asked: { control: ["skyline", "nets/canny"] } });
    const { info } = await openRun(first);
    expect(info.options.control).toMatchObject([
      { net: 0, scale: 0.8, mode: "balanced", start: 0, end: 0.75 },
      { net: 1, scale: 1, mode: "guess", start: 0, end: 1 },
    ]);
    expect(await veduta(["paint", "--from", first, "--out", again])).toMatchObject({
      code: 0,
      asked: { control: ["skyline", "nets/canny"] },
    });
    expect(picture(again)).toEqual(picture(first));
    const report = readFileSync(join(first, "report.html"), "utf8");
    const quoted = (word: string) => `--control &#39;${word}&#39;`;
    expect(report).toContain(`${quoted("control/1.png,scale=0.8,end=0.75")} ${quoted("control/2.png,mode=guess,net=1")}`);
    expect(report).toContain("--control-net skyline --control-net nets/canny");
    expect((await veduta([...paint, "--out", plain])).asked).not.toHaveProperty("control");
    expect(picture(plain)).not.toEqual(picture(first));
  });

  test.each([
    [["--control", "none.png"], /none\.png: expected a PNG/],
    [["--control", `${file},scale=much`], /--control: got scale=much/],
    [["--control", `${file},scale=1`], /opened without a ControlNet/],
    [["--control-net", "a", "--control", `${file},mode=strict`], /mode strict, want one of balanced, guess, prompt/],
    [["--control-net", "a", "--width", "128", "--control", file], /got 64 × 16 px, want 128 × 16/],
  ])("refuses %j in one line", async (wrong, message) => {
    const { code, err } = await veduta([...paint, ...wrong, "--out", fresh()]);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });

  test("flags of their own say what a word does not; without --control they are refused", async () => {
    writeFileSync(file, await maskPng(horizon([0.2, 0.8], { width: 64, height: 16 })));
    const dir = fresh();
    const flags = [
      "--control-scale",
      "0.5",
      "--control-mode",
      "guess",
      "--control-from",
      "0.25",
      "--control-to",
      "0.75",
      "--control-kind",
      "canny",
    ];
    const words = ["--control-net", "skyline", "--control", file, "--control", `${file},scale=2,kind=raw`];
    expect(await veduta([...paint, ...words, ...flags, "--out", dir])).toMatchObject({ code: 0 });
    const { info } = await openRun(dir);
    const common = { mode: "guess", start: 0.25, end: 0.75 };
    expect(info.options.control).toMatchObject([
      { ...common, scale: 0.5 },
      { ...common, scale: 2 },
    ]);
    const alone = await veduta([...paint, "--control-net", "skyline", "--control-scale", "0.5", "--out", fresh()]);
    expect(alone.code).toBe(2);
    expect(alone.err).toContain("--control-scale says something of --control's pictures; give --control too");
    const wrong = await veduta([...paint, ...words, "--control-scale", "much", "--out", fresh()]);
    expect(wrong.err).toContain("scale=much");
  });

  test("is taken by veduta compare, whose page says it", async () => {
    const out = fresh();
    const words = ["compare", "hills", "--methods", "multi,sync", "--seeds", "1", "--steps", "2", "--width", "64", "--out", out];
    expect(await veduta([...words, "--control-net", "a", "--control", `${file},scale=0.5`])).toMatchObject({
      code: 0,
      asked: { control: ["a"] },
    });
    const page = readFileSync(join(out, "index.html"), "utf8");
    expect(page).toContain("skyline.png,scale=0.5");
    expect(page).toContain("--control-net");
  });
});
