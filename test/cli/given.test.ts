/** `--init`, `--strength` and `--anchor-image` of veduta paint, on a toy model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, encodeJpeg, encodePng, type Tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PaintModel } from "#kernel-lib/cli/command.js";
import { main } from "#kernel-lib/cli.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { toy } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-cli-given-"));
const at = (...names: string[]) => join(root, ...names);
const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));
const picture = (name: string) => readFileSync(at(name, "panorama.png"));
const photo = (height: number, width: number): Tensor => {
  const rng = createRng(width);
  return { data: Float32Array.from({ length: 3 * height * width }, () => rng.uniform()), shape: [1, 3, height, width] };
};
beforeAll(async () => {
  writeFileSync(at("photo.jpg"), await encodeJpeg(photo(60, 90)));
  writeFileSync(at("strip.png"), await encodePng(photo(16, 64)));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function veduta(...words: readonly string[]) {
  let err = "";
  const facts = { device: "cpu", precision: "float32", threads: 2, digest: "feed", path: "/models/toy", notices: [] } as const;
  const code = await main(words, {
    openModel: async () => ({ ...toy(), ...facts, close: async () => {} }) satisfies PaintModel,
    stdout: { write: () => true },
    stderr: { write: (text) => (err += text) },
    onInterrupt: () => () => {},
  });
  return { code, err };
}

describe.skipIf(!built)("veduta paint (needs the built viewer: npm run build)", () => {
  const paint = ["paint", "hills", "--steps", "5", "--seed", "5"];

  test("--init starts from a picture, by default as large as it; the report shows it, --from repeats it and changes the strength", async () => {
    expect(await veduta(...paint, "--init", at("strip.png"), "--strength", "0.6", "--out", at("first"))).toMatchObject({ code: 0 });
    const { info, steps } = await openRun(at("first"));
    expect(info).toMatchObject({ width: 64, height: 16, options: { strength: 0.6, init: { file: "given/init.safetensors" } } });
    expect(steps.length).toBe(3);
    const report = readFileSync(at("first", "report.html"), "utf8");
    expect(report).toContain("The picture that it started from");
    expect(report).toContain("--init given/init.png --strength 0.6");

    expect(await veduta("paint", "--from", at("first"), "--out", at("again"))).toMatchObject({ code: 0 });
    expect(picture("again")).toEqual(picture("first"));
    expect(await veduta(...paint, "--init", at("first", "given", "init.png"), "--strength", "0.6", "--out", at("told"))).toMatchObject({
      code: 0,
    });
    expect(picture("told")).toEqual(picture("first"));
    expect(await veduta("paint", "--from", at("first"), "--strength", "0.2", "--out", at("less"))).toMatchObject({ code: 0 });
    expect((await openRun(at("less"))).steps.length).toBe(1);
  });

  test("--init crops a photo to the size that is asked for", async () => {
    const words = ["--init", at("photo.jpg"), "--width", "64", "--height", "16", "--method", "multi", "--out", at("cropped")];
    expect(await veduta(...paint, ...words)).toMatchObject({ code: 0 });
    expect((await openRun(at("cropped"))).info).toMatchObject({ width: 64, height: 16, options: { strength: 0.8 } });
  });

  test("--anchor-image draws all windows to a photo; the report shows it, --from repeats it", async () => {
    const words = ["--anchor-image", at("photo.jpg"), "--weight", "0.02", "--width", "64"];
    expect(await veduta(...paint, ...words, "--out", at("anchored"))).toMatchObject({ code: 0 });
    const { info, steps } = await openRun(at("anchored"));
    expect(info.options.anchorImage).toMatchObject({ file: "given/anchor.safetensors", shape: [1, 3, 16, 16] });
    expect(steps[0].anchor).toBe(-1);
    const report = readFileSync(at("anchored", "report.html"), "utf8");
    expect(report).toContain("The picture that all windows were drawn to");
    expect(report).toContain("--anchor-image given/anchor.png");
    expect(await veduta("paint", "--from", at("anchored"), "--out", at("anchored-again"))).toMatchObject({ code: 0 });
    expect(picture("anchored-again")).toEqual(picture("anchored"));
  });

  test.each([
    [["--init", "none.png"], /none\.png: expected a PNG/],
    [["--init", "a.png", "--init", "b.png"], /--init: got 2 pictures \(a\.png, b\.png\), want one/],
    [["--strength", "0.5"], /strength 0\.5 without init/],
    [["--anchor-image", "none.jpg"], /none\.jpg: expected a PNG/],
    [["--method", "multi", "--anchor-image", "x.png"], /x\.png: expected a PNG|belongs to --method sync/],
  ])("refuses %j in one line", async (wrong, message) => {
    const { code, err } = await veduta(...paint, ...wrong, "--out", at("wrong"));
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });
});
