/** `veduta edit` on a model in closed form: what it writes, and what it refuses. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, encodePng, openRun, randn, type Tensor } from "veduta";
import { afterAll, describe, expect, test } from "vitest";
import type { PaintModel } from "#kernel-lib/cli/command.js";
import { main } from "#kernel-lib/cli.js";
import { editToy } from "../methods/edit/edit-toy.js";
import { toy } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-edit-cli-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `out-${folders++}`);
const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));

const picture = (height: number, width: number): Tensor => ({
  data: randn(createRng(1), [1, 3, height, width]).data.map((x) => 0.5 + 0.4 * Math.tanh(x)),
  shape: [1, 3, height, width],
});
async function drawn(height = 16, width = 16): Promise<string> {
  const file = join(root, `picture-${height}-${width}.png`);
  writeFileSync(file, await encodePng(picture(height, width)));
  return file;
}

/** Runs the command line on the toy. */
async function veduta(words: readonly string[], { dual = true, edits = true, during = (_: () => void) => {} } = {}) {
  let [out, err] = ["", ""];
  let interrupt = () => {};
  const facts = {
    device: "cpu",
    precision: "float32",
    threads: 2,
    digest: "feed",
    path: "/models/toy",
    notices: [],
    close: async () => {},
  };
  const inner = editToy({ watch: () => during(interrupt) });
  const vector = (n: number, at: (k: number) => number): Tensor => ({
    data: Float32Array.from({ length: 2 * n }, (_, k) => at(k)),
    shape: [n, 2],
  });
  const embedImages = async (images: Tensor) => vector(images.shape[0], (k) => images.data[k % 7]);
  const embedPrompts = async (prompts: string | readonly string[]) =>
    vector([prompts].flat().length, (k) => Math.sin(k + [prompts].flat()[k >> 1].length));
  const model = { ...(edits ? { ...inner, ...(dual ? { embedImages, embedPrompts } : {}) } : toy()), ...facts } as unknown as PaintModel;
  const code = await main(words, {
    openModel: async () => model,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    onInterrupt: (stop) => {
      interrupt = stop;
      return () => {};
    },
  });
  return { code, out, err };
}

const usual = ["hills at night", "--source", "hills at noon", "--steps", "4", "--seed", "7"];

describe.skipIf(!built)("veduta edit (needs the built viewer: npm run build)", () => {
  test("edits, keeps the run with its source, and says how much of the source stays", async () => {
    const dir = fresh();
    const file = await drawn();
    const { code, out, err } = await veduta(["edit", file, ...usual, "--out", dir]);
    expect(err).toContain("CycleDiffusion on the CPU (2 threads), float32, seed 7");
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual([join(dir, "edited.png"), join(dir, "report.html")]);
    expect(out).toMatch(/against the source: psnr [\d.]+, ssim [\d.-]+, l2 [\d.]+, structure [\d.-]+/);
    const saved = await openRun(dir);
    expect(saved.info).toMatchObject({
      family: "edit",
      source: { name: "picture-16-16.png" },
      options: {
        prompt: "hills at night",
        sourcePrompt: "hills at noon",
        steps: 4,
        seed: 7,
        eta: 0.1,
        guidanceScale: 3,
        sourceGuidanceScale: 1,
      },
    });
    expect(saved.steps).toHaveLength(4);
    const report = readFileSync(join(dir, "report.html"), "utf8");
    expect(report).toContain("an edit of picture-16-16.png");
    expect(report).toContain("veduta edit picture-16-16.png &#39;hills at night&#39; --method cycle --guidance 3 --steps 4 --seed 7");
    expect(report).toMatch(/<h2>Distance of the two paths<\/h2>[\s\S]*<h2>Recorded noise<\/h2>/);
  });

  test.each(["cycle", "sdedit", "ddib", "img2img"])("--method %s writes a run that opens", async (method) => {
    const dir = fresh();
    const own = method === "cycle" || method === "ddib" ? usual : ["hills at night", "--steps", "4", "--seed", "7"];
    expect((await veduta(["edit", await drawn(), ...own, "--method", method, "--out", dir])).code).toBe(0);
    expect((await openRun(dir)).info.method).toBe(method);
  });

  test("wicked prompts and file names are text in the report", async () => {
    const dir = fresh();
    const file = join(root, "<img src=x onerror=alert(1)>.png");
    writeFileSync(file, await encodePng(picture(16, 16)));
    await veduta(["edit", file, "<script>alert(2)</script>", "--source", "<b>", "--steps", "2", "--out", dir]);
    const page = readFileSync(join(dir, "report.html"), "utf8");
    expect(page).not.toMatch(/<script>alert|<img src=x/);
  });

  test("crops a picture that does not fit only when told, and says to what", async () => {
    const file = await drawn(17, 21);
    const refused = await veduta(["edit", file, ...usual, "--out", fresh()]);
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining("has 21 × 17 pixels; the model takes multiples of 2: --fit crops it to 20 × 16"),
    });
    const dir = fresh();
    expect((await veduta(["edit", file, ...usual, "--fit", "--out", dir])).code).toBe(0);
    expect((await openRun(dir)).info).toMatchObject({ width: 20, height: 16 });
  });

  test("says of a picture as wide as two windows how it is edited in windows; --loop does", async () => {
    const file = await drawn(16, 64);
    expect((await veduta(["edit", file, ...usual, "--out", fresh()])).err).toMatch(
      /trained on 16 × 16\. --window 8 edits it in windows, --loop does too/,
    );
    const dir = fresh();
    const { err } = await veduta(["edit", file, ...usual, "--loop", "--out", dir]);
    expect(err).toContain("16 windows");
    expect((await openRun(dir)).info.coverage).toMatchObject({ horizontal: 360, edge: "wrap" });
  });

  test("--grid writes every candidate, the best first, ranked by the score", async () => {
    const dir = fresh();
    const { code, out } = await veduta([
      "edit",
      await drawn(),
      ...usual,
      "--grid",
      "--scales",
      "1,4",
      "--skips",
      "0,2",
      "--trials",
      "2",
      "--out",
      dir,
    ]);
    expect(code).toBe(0);
    const { candidates } = JSON.parse(readFileSync(join(dir, "grid.json"), "utf8")) as { candidates: { file: string; score: number }[] };
    expect(candidates).toHaveLength(8);
    expect(candidates.map(({ score }) => score)).toEqual(candidates.map(({ score }) => score).sort((a, b) => b - a));
    expect(readFileSync(join(dir, "edited.png"))).toEqual(readFileSync(join(dir, candidates[0].file)));
    expect(out).toMatch(/^0: {2}score /);
    const without = await veduta(["edit", await drawn(), ...usual, "--grid", "--out", fresh()], { dual: false });
    expect(without).toMatchObject({ code: 2, err: expect.stringContaining("--score directional needs a dual encoder") });
    const structure = ["--grid", "--score", "structure", "--scales", "1", "--out", fresh()];
    expect((await veduta(["edit", await drawn(), ...usual, ...structure], { dual: false })).code).toBe(0);
  });

  test("an interrupt keeps the steps so far, and says where", async () => {
    const dir = fresh();
    let calls = 0;
    const { code, err } = await veduta(["edit", await drawn(), ...usual, "--out", dir], {
      during: (interrupt) => (++calls === 3 ? interrupt() : undefined),
    });
    expect([code, err]).toEqual([130, expect.stringContaining("Stopped after 1 of 4 steps")]);
    expect((await openRun(dir)).steps).toHaveLength(1);
  });

  test("refuses what cannot be edited, in one line that names it", async () => {
    mkdirSync(join(root, "folder"), { recursive: true });
    writeFileSync(join(root, "empty.png"), "");
    writeFileSync(join(root, "text.png"), "no picture");
    const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
      [join(root, "none.png"), usual, 1, /none\.png: expected a PNG, JPEG or WebP image, found no such file/],
      [join(root, "folder"), usual, 1, /folder: expected a PNG, JPEG or WebP image, found a folder/],
      [join(root, "empty.png"), usual, 1, /empty\.png: expected a PNG, JPEG or WebP image, found an empty file/],
      [join(root, "text.png"), usual, 1, /text\.png: expected a PNG, JPEG or WebP image/],
      [
        await drawn(),
        [...usual, "--control", "reweight", "--weights", "moon=2"],
        2,
        /weights: "moon" is no word of the prompt "hills at night"/,
      ],
      [await drawn(), ["night"], 2, /--method cycle needs --source "what the picture shows now"/],
      [await drawn(), [...usual, "--eta", "0"], 2, /eta 0 records no noise; DDIB is the deterministic method/],
      [await drawn(), [...usual, "--skip", "4"], 2, /skipSteps 4: want a whole number from 0 to 3/],
      [await drawn(), [...usual, "--strength", "0.5"], 2, /--strength belongs to --method img2img/],
      [await drawn(), ["night", "--method", "sdedit", "--grid"], 2, /--grid edits by --method cycle/],
      [await drawn(), [...usual, "--grid", "--control", "refine"], 2, /--grid decodes recorded noise .* takes no --control/],
      [await drawn(), [...usual, "--control", "swap"], 2, /'--control <name>' .* Want one of replace, refine, reweight/],
      [await drawn(), [...usual, "--control", "reweight"], 2, /control "reweight" without weights/],
      [await drawn(), [...usual, "--weights", "night=2"], 2, /got weights without control; add control "reweight"/],
      [await drawn(), [...usual, "--control", "reweight", "--weights", "night"], 2, /'--weights <list>' .* Want finite numbers by word/],
      [await drawn(), ["night", "--method", "ddib", "--control", "refine"], 2, /--control belongs to --method cycle/],
    ];
    for (const [file, words, want, message] of cases) {
      const { code, err } = await veduta(["edit", file, ...words, "--out", fresh()]);
      expect([code, err.trim()]).toEqual([want, expect.stringMatching(message)]);
    }
    const { code, err } = await veduta(["edit", await drawn(), ...usual, "--out", fresh()], { edits: false });
    expect([code, err]).toEqual([2, expect.stringContaining("this checkpoint cannot edit pictures by prompts")]);
  });
});
