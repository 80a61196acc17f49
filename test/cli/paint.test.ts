import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { CheckpointError, DeviceError } from "#kernel-lib/core/errors.js";
import { imageBytes } from "#kernel-lib/core/image.js";
import { clock } from "#kernel-lib/core/words.js";
import { createProgress } from "#kernel-lib/display/progress.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { written } from "../fixtures/terminal.js";
import { built, freshFolders, veduta } from "../fixtures/toy-cli.js";

const { root, fresh, remove } = freshFolders("cli");
afterAll(remove);
const script = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));

describe.skipIf(!built)("veduta paint (needs the built viewer: npm run build)", () => {
  test("paints, keeps the run, prints both paths and the time, and closes the model", async () => {
    const dir = fresh();
    const { code, out, err, closed } = await veduta(["paint", "mountains", "--loop", "--seed", "7", "--steps", "4", "--out", dir]);
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual([join(dir, "panorama.png"), join(dir, "report.html")]);
    expect(out).toMatch(/96 × 16 px, 4 steps, [\d.]+ s in all/);
    expect(err).toContain("SyncDiffusion on the CPU (2 threads), float32, seed 7");
    expect(err).not.toContain("note:");
    expect(closed).toBe(1);
    const { info, steps } = await openRun(dir);
    expect(info).toMatchObject({
      complete: true,
      method: "sync",
      model: { name: "toy", digest: "feed", device: "cpu", precision: "float32", threads: 2 },
      options: { prompt: "mountains", seed: 7, loop: true, steps: 4 },
    });
    expect(steps).toHaveLength(4);
  });

  test("says which devices were tried with --verbose", async () => {
    const { err } = await veduta(["paint", "mountains", "--steps", "1", "--verbose", "--out", fresh()]);
    expect(err).toContain("note: device auto: cpu (no cuda)");
  });

  test("hands every option to the method and the model", async () => {
    const dir = fresh();
    const { code, asked } = await veduta(
      `paint lake --width 64 --height 32 --no-loop --seed 3 --steps 2 --guidance 3.5 --negative fog --window 8 --stride 4 --weight 5 --decay 0.5 --sync-every 2 --sync-steps 1 --anchor 2 --batch 3 --threads 4 --device cpu --precision float16 --model folder --foreseen 2 --out ${dir}`.split(
        " ",
      ),
    );
    expect(code).toBe(0);
    expect(asked).toEqual([["folder", { device: "cpu", precision: "float16", threads: 4 }]]);
    const { info, foreseen } = await openRun(dir);
    expect(info.options).toMatchObject({
      prompt: "lake",
      negativePrompt: "fog",
      width: 64,
      height: 32,
      loop: false,
      seed: 3,
      steps: 2,
      guidanceScale: 3.5,
      window: 8,
      stride: 4,
      batch: 3,
      weight: 5,
      decay: 0.5,
      syncEvery: 2,
      syncSteps: 1,
      anchor: 2,
    });
    expect(info.model.name).toBe("folder");
    expect(info.batch).toEqual({ noise: 3, gradient: 3 });
    expect(foreseen.map(({ step }) => step)).toEqual([1]);
  });

  test("the command that the report gives repeats the run", async () => {
    const dir = fresh();
    await veduta(["paint", "it's dusk", "--seed", "11", "--steps", "3", "--weight", "3", "--out", dir]);
    const html = readFileSync(join(dir, "report.html"), "utf8");
    const line = /<pre>veduta ([^<]*)<\/pre>/.exec(html)?.[1].replaceAll("&#39;", "'") ?? "";
    const words = execFileSync("sh", ["-c", `printf '%s\\n' ${line}`], { encoding: "utf8" })
      .trimEnd()
      .split("\n");
    expect(words.slice(0, 2)).toEqual(["paint", "it's dusk"]);
    const again = fresh();
    expect((await veduta([...words, "--out", again])).code).toBe(0);
    const [first, second] = [await openRun(dir), await openRun(again)];
    expect(second.info.options).toEqual(first.info.options);
    expect(second.panorama && imageBytes(second.panorama)).toEqual(first.panorama && imageBytes(first.panorama));
  });

  test("draws a seed, names the default folder by it, and never the same one twice", async () => {
    const here = process.cwd();
    const work = fresh();
    mkdirSync(work);
    process.chdir(work);
    try {
      for (let k = 0; k < 2; k++)
        expect((await veduta(["paint", "x", "--steps", "1", "--method", "multi", "--foreseen", "0"])).code).toBe(0);
      const runs = readdirSync("veduta-out");
      expect(runs).toHaveLength(2);
      for (const name of runs) expect(name).toBe(`multi-${(await openRun(join("veduta-out", name))).info.options.seed}`);
      const seed = runs[0].slice("multi-".length);
      const { code, err } = await veduta(["paint", "x", "--steps", "1", "--method", "multi", "--seed", seed]);
      expect([code, err]).toEqual([2, expect.stringContaining("already holds a run; replace it with --force")]);
    } finally {
      process.chdir(here);
    }
  });

  test("replaces a run only with --force, and never other files", async () => {
    const dir = fresh();
    const words = ["paint", "x", "--steps", "1", "--out", dir];
    expect((await veduta(words)).code).toBe(0);
    const refused = await veduta(words);
    expect([refused.code, refused.asked]).toEqual([2, []]); // before a model is opened
    expect((await veduta([...words, "--force"])).code).toBe(0);
    const other = fresh();
    mkdirSync(other);
    writeFileSync(join(other, "thesis.doc"), "");
    const stranger = await veduta(["paint", "x", "--out", other, "--force"]);
    expect([stranger.code, stranger.err]).toEqual([
      2,
      expect.stringContaining("holds files that are not a run's; give a new or empty folder"),
    ]);
    expect(readdirSync(other)).toEqual(["thesis.doc"]);
  });

  test("tells of a prompt that was cut", async () => {
    const { err } = await veduta(["paint", "a prompt of very many words indeed", "--steps", "1", "--out", fresh()]);
    expect(err).toContain("note: prompt: longer than the model's 7 tokens");
  });

  test("Ctrl-C leaves the finished steps, says where, and exits with 130", async () => {
    const dir = fresh();
    const { code, err, out, closed } = await veduta(["paint", "x", "--steps", "9", "--method", "multi", "--batch", "2", "--out", dir], {
      during: (interrupt, calls) => calls === 20 && interrupt(),
    });
    expect([code, out, closed]).toEqual([130, "", 1]);
    const { info, steps } = await openRun(dir);
    expect(info).toMatchObject({ complete: false, stopped: "it was interrupted" });
    expect(steps.length).toBeGreaterThanOrEqual(1);
    expect(steps.length).toBeLessThan(9);
    expect(err).toContain(`Stopped after ${steps.length} of 9 steps; they are in ${dir}.`);
    expect(existsSync(join(dir, "report.html"))).toBe(true);
  });

  test("Ctrl-C before the first step says so, and while the model loads writes nothing", async () => {
    const dir = fresh();
    const early = await veduta(["paint", "x", "--out", dir], { during: (interrupt, calls) => calls === 2 && interrupt() });
    expect([early.code, early.err]).toEqual([
      130,
      expect.stringContaining(`Stopped before the first step was finished; ${dir} holds the options.`),
    ]);
    expect((await openRun(dir)).steps).toEqual([]);

    const out = fresh();
    let stop = () => {};
    const loading = main(["paint", "x", "--out", out], {
      openModel: () => new Promise(() => setTimeout(() => stop(), 5)),
      stdout: { write: () => {} },
      stderr: { write: () => {} },
      onInterrupt: (then) => {
        stop = then;
        return () => {};
      },
    });
    expect(await loading).toBe(130);
    expect(existsSync(out)).toBe(false);
  });

  test("a number that is none ends the run with 1, and the steps before it stay", async () => {
    const dir = fresh();
    let noises = 0;
    const { code, err } = await veduta(["paint", "x", "--method", "multi", "--steps", "5", "--out", dir], {
      spoil: (kind, x) => (kind === "noise" && ++noises === 3 ? { ...x, data: x.data.map(() => Number.NaN) } : x),
    });
    expect(code).toBe(1);
    expect(err).toMatch(/The run ended after 2 of 5 steps; they are in .*\nerror: step 2 .*NaN in the latent of window 0/);
    const { info, steps } = await openRun(dir);
    expect([info.complete, steps.length]).toEqual([false, 2]);
    expect(info.stopped).toContain("NaN");
  });

  test.each([
    [
      "a checkpoint",
      new CheckpointError("unet/config.json", { expected: "a file", found: "none" }),
      "error: unet/config.json: expected a file, found none\n",
    ],
    ["a device", new DeviceError("device cuda: not there"), "error: device cuda: not there\n"],
  ])("%s that is not there is exit code 1 and one line", async (_, error, line) => {
    const dir = fresh();
    const { code, err } = await veduta(["paint", "x", "--out", dir], { open: () => Promise.reject(error) });
    expect([code, err, existsSync(dir)]).toEqual([1, line, false]);
  });
});

describe("a wrong word is exit code 2 and an answer", () => {
  test.each([
    [["paint"], /missing required argument 'prompt'/],
    [["paint", "misty", "mountains"], /too many arguments[\s\S]*needs quotes/],
    [["pant", "x"], /unknown command 'pant'[\s\S]*Did you mean paint\?/],
    [["paint", "x", "--stpes", "4"], /unknown option '--stpes'[\s\S]*Did you mean --steps\?/],
    [["paint", "x", "--steps"], /option '--steps <n>' argument missing/],
    [["paint", "x", "--steps", "many"], /'many' is invalid\. Want a whole number >= 1\./],
    [["paint", "x", "--steps", "0"], /Want a whole number >= 1\./],
    [["paint", "x", "--steps", "2.5"], /Want a whole number/],
    [["paint", "x", "--seed", "-1"], /Want a whole number >= 0\./],
    [["paint", "x", "--seed", "99999999999999999999"], /Want a whole number/],
    [["paint", "x", "--weight", "heavy"], /Want a number\./],
    [["paint", "x", "--weight", ""], /Want a number/],
    [["paint", "x", "--guidance", "Infinity"], /Want a number\./],
    [["paint", "x", "--anchor", "left"], /Want "middle", "rolling", or a window's index/],
    [["paint", "x", "--method", "magic"], /Allowed choices are sync, multi, spot, safa, collage/],
    [["paint", "x", "--keep", "everything"], /Want some of foreseen, report, shared-report, nothing, separated by commas\./],
    [["paint", "x", "--keep", "report,shared-report"], /Want report or shared-report, not both\./],
    [["paint", "x", "--device", "tpu"], /Allowed choices are auto, cpu, cuda, webgpu\./],
    [["paint", "x", "--method", "multi", "--weight", "3"], /--weight belongs to --method sync, and this is --method multi; leave it out/],
    [["paint", "x", "--width", "98"], /width 98 px: .*nearest that do: .*width 96 px or 100 px/],
    [["paint", "x", "--stride", "9"], /stride 9: more than the window, 8/],
    [["paint", "x", "--steps", "5000"], /steps? 5000/],
    [["paint", "x", "--anchor", "99"], /anchor 99: want "middle" or a window's index, from 0 to 20/],
    [[], /Usage: veduta/],
  ])("%j", async (words, answer) => {
    const dir = fresh();
    const { code, err, out } = await veduta(words.length > 1 ? [words[0], "--out", dir, ...words.slice(1)] : words);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(answer);
    expect(err).not.toMatch(/\n {4}at /);
    expect(existsSync(dir)).toBe(false);
  });

  test("help and version are no errors, and every option has a help text", async () => {
    const { code, out } = await veduta(["paint", "--help"]);
    expect(code).toBe(0);
    for (const line of out
      .slice(out.indexOf("Options:"), out.indexOf("Examples:"))
      .split("\n")
      .filter((text) => /^ {2}-/.test(text)))
      expect(line).toMatch(/^ {2}-\S.* {2}\S/);
    expect((await veduta(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("the built script answers from where npm links it, with its exit code", async () => {
    const link = join(root, "veduta");
    symlinkSync(script, link);
    const run = (...words: string[]) =>
      new Promise<[number, string]>((resolve) =>
        execFile(process.execPath, [link, ...words], (error, out, err) => resolve([Number(error?.code ?? 0), out + err])),
      );
    expect(await run("--version")).toEqual([0, expect.stringMatching(/^\d/)]);
    expect(await run("paint")).toEqual([2, expect.stringContaining("missing required argument")]);
  });
});

describe("progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const windows = [
    { top: 0, left: 0, height: 8, width: 8, loss: 0 },
    { top: 0, left: 8, height: 8, width: 8, loss: 0.25 },
    { top: 0, left: 16, height: 8, width: 8, loss: 0.5 },
  ];
  const painted = (isTTY: boolean, steps: number, columns = 80) => {
    let text = "";
    const progress = createProgress({ steps, units: "3 windows", out: { write: (part) => (text += part), isTTY, columns } });
    for (let index = 0; index < steps; index++) {
      vi.advanceTimersByTime(2000);
      progress.step({ index, anchor: 0, windows });
    }
    progress.end();
    return text;
  };
  test("on a terminal is one line that redraws itself, never wider than the terminal", () => {
    for (const columns of [20, 40, 80, 200]) {
      const text = painted(true, 10, columns);
      expect(text.match(/\n/g)).toHaveLength(1);
      for (const line of written(text)) expect(line.length).toBeLessThan(columns);
    }
    expect(painted(true, 10)).toContain("step 4 of 10 · 3 windows · loss 0.375 · 0:12 left");
  });
  test("elsewhere is a plain line every tenth of the run", () => {
    const lines = painted(false, 50).trimEnd().split("\n");
    expect(lines[0]).toBe("step 1 of 50 · 3 windows · loss 0.375 · 1:38 left");
    expect(lines).toHaveLength(11);
    expect(lines[10]).toBe("step 50 of 50 · 3 windows · loss 0.375 · decoding");
    for (const control of ["\r", "\x1b"]) expect(lines.join("")).not.toContain(control);
  });
  test("a clock rounds up", () => expect([0, 6100, 59_999, 3_725_000].map(clock)).toEqual(["0:00", "0:07", "1:00", "1:02:05"]));
});

describe.skipIf(!built)("a run that is there", () => {
  const words = ["paint", "hills", "--steps", "4", "--width", "64", "--seed", "5", "--weight", "0.02"];
  const picture = (dir: string) => readFileSync(join(dir, "panorama.png"));

  test("is repeated by --from, byte for byte, and changed by what flags and a prompt name", async () => {
    const [first, again, heavier, other] = [fresh(), fresh(), fresh(), fresh()];
    await veduta([...words, "--out", first]);
    expect((await veduta(["paint", "--from", first, "--out", again])).code).toBe(0);
    expect(picture(again)).toEqual(picture(first));
    await veduta(["paint", "--from", first, "--weight", "0.05", "--out", heavier]);
    expect((await openRun(heavier)).info.options).toMatchObject({ prompt: "hills", seed: 5, steps: 4, weight: 0.05 });
    await veduta(["paint", "sea", "--from", first, "--method", "multi", "--width", "96", "--out", other]);
    const { info } = await openRun(other);
    expect([info.method, info.width, info.options.prompt, info.options.seed]).toEqual(["multi", 96, "sea", 5]);
  });

  test("is gone on with by --resume, and ends in the same picture", async () => {
    const [whole, broken] = [fresh(), fresh()];
    await veduta([...words, "--out", whole]);
    const { code } = await veduta([...words, "--out", broken], { during: (interrupt, calls) => calls === 10 && interrupt() });
    expect(code).toBe(130);
    const { code: ended, err } = await veduta(["paint", "--resume", broken]);
    expect([ended, err]).toEqual([0, expect.stringMatching(/after step [1-3] of 4/)]);
    expect(picture(broken)).toEqual(picture(whole));
    expect((await openRun(broken)).steps).toHaveLength(4);
  });

  test.each([
    [["paint"], /want what to paint, in quotes, or --from or --resume/],
    [["paint", "--from", "/nowhere"], /nowhere/],
    [["paint", "--resume", "/nowhere"], /nowhere/],
  ])("%j is refused in one line", async (wrong, message) => {
    const { code, err } = await veduta(wrong);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });

  test("is not changed by --resume", async () => {
    const dir = fresh();
    await veduta([...words, "--out", dir]);
    const { code, err } = await veduta(["paint", "--resume", dir, "--weight", "3"]);
    expect([code, err]).toEqual([2, expect.stringContaining("got weight; leave it out, or repeat the run with changes by --from")]);
    expect((await veduta(["paint", "--resume", dir])).err).toContain("a complete one");
  });
});
