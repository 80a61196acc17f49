import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { zeros } from "#kernel-lib/core/tensor.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { planWindows } from "#kernel-lib/methods/joint/windows.js";
import { DRAWING, finish, OVERLAPPING, PLAIN, SEARCHING, toy } from "./toy.js";

const base = { prompt: "hills", seed: 3, steps: 4, width: 64 };

describe.each(Object.entries(OVERLAPPING))("the options of %s", (name, method) => {
  test("have the defaults of the docstrings: one window high, six wide, a quarter of it from one to the next", () => {
    const { options } = method(toy(), { prompt: "hills" });
    expect(options).toMatchObject({
      prompt: "hills",
      negativePrompt: "",
      height: 16,
      width: 96,
      steps: 50,
      guidanceScale: 7.5,
      window: 8,
      stride: 2,
      loop: false,
    });
    expect(options.windows).toEqual(planWindows({ height: 8, width: 48, window: 8, stride: 2 }));
    expect(method(toy(), { prompt: "hills", window: 12 }).options).toMatchObject({ height: 24, width: 144, stride: 3 });
  });

  test("record the seed that was drawn, and drawing again gives another", () => {
    const [a, b] = [1, 2].map(() => method(toy(), { prompt: "hills" }).options.seed);
    expect(Number.isSafeInteger(a)).toBe(true);
    expect(a).not.toBe(b);
  });

  test("given to the method again, as the run says them, repeat the run bit for bit", async () => {
    const run = method(toy(), { prompt: "hills", steps: 3, loop: true, weight: 0.01 });
    const first = await finish(run);
    const again = method(toy(), run.options);
    const { window, stride, ...replaced } = run.options; // by its windows
    expect([window, stride]).toEqual([8, 2]);
    expect(again.options).toEqual(replaced);
    expect((await finish(again)).result).toEqual(first.result);
  });

  test("0 is a value, not an absence: guidance 0 and seed 0 stay", () => {
    expect(method(toy(), { ...base, guidanceScale: 0, seed: 0 }).options).toMatchObject({ guidanceScale: 0, seed: 0 });
  });

  test("seed 0 names noise of its own", async () => {
    const start = async (options: object) => (await finish(method(toy(), { ...base, steps: 1, ...options, ...PLAIN[name] }))).result;
    const ofSeed0 = await start({ seed: 0 });
    const { width, height } = method(toy(), base).options;
    expect(ofSeed0).toEqual(await start({ latent: randn(createRng(0), [1, 4, height / 2, width / 2]) }));
    expect(ofSeed0.latent).not.toEqual((await start({ seed: 1 })).latent);
  });

  test("latent replaces the seed and says the size", async () => {
    const latent = randn(createRng(9), [1, 4, 8, 20]);
    const run = method(toy(), { prompt: "hills", steps: 2, latent, seed: 9 });
    expect(run.options).toMatchObject({ height: 16, width: 40, latent });
    if (![...DRAWING, ...SEARCHING].includes(run.method.name)) expect(run.options).not.toHaveProperty("seed"); // of fresh noise too, where some is drawn
    const other = method(toy(), { prompt: "hills", steps: 2, width: 40, seed: 9 });
    expect((await finish(run)).result).toEqual((await finish(other)).result);
  });

  test("text replaces both prompts: no prompt is read", async () => {
    const model = toy();
    const text = zeros([2, 3, 5]);
    const run = method(model, { ...base, text, syncSteps: 0 });
    expect(run.options).toMatchObject({ text });
    expect(run.options).not.toHaveProperty("prompt");
    expect(run.options).not.toHaveProperty("negativePrompt");
    await finish(run);
    expect(model.calls.filter((call) => call.kind === "text")).toEqual([]);
  });

  test("windows replace window, stride and loop; one that passes the right edge closes the panorama", async () => {
    const windows = [0, 8, 16, 24, 28].map((left) => ({ top: 0, left, height: 8, width: 8 }));
    const run = method(toy(), { ...base, windows, stride: 3 });
    expect(run.options).toMatchObject({ windows, loop: true });
    expect(run.options).not.toHaveProperty("stride");
    expect((await finish(run)).steps[0].windows.map((w) => w.left)).toEqual([0, 8, 16, 24, 28]);
    expect(method(toy(), { ...base, windows: windows.slice(0, 4) }).options.loop).toBe(false);
  });

  test("a prompt longer than the context is cut, and the first record says so", async () => {
    const long = "a very long list of hills and lakes";
    const { steps, result } = await finish(method(toy(), { ...base, prompt: long, negativePrompt: long }));
    const notices = ["prompt", "negativePrompt"].map((name) => `${name}: longer than the model's 7 tokens; the rest was cut off`);
    expect(steps.map((step) => step.notices)).toEqual([notices, undefined, undefined, undefined]);
    expect(result.notices).toEqual(notices);
    expect((await finish(method(toy(), base))).steps[0]).not.toHaveProperty("notices");
  });

  const tiling = "windows of 8 at stride 2 latent pixels (2 px each) do not tile it";
  test.each([
    [{ width: 66 }, RangeError, `width 66 px: ${tiling}; nearest that do: width 64 px or 68 px; stride 1 or 5; window 7 or 9`],
    [{ width: 65 }, RangeError, `width 65 px: ${tiling}; nearest that do: width 64 px or 68 px`],
    [{ width: 66, loop: true }, RangeError, `width 66 px: ${tiling}; nearest that do: width 64 px or 68 px; stride 1 or 3`],
    [
      { width: 1_000_000_000 },
      RangeError,
      "width 1000000000 px: with a height of 16 px it is 16,000,000,000 pixels, and image readers open at most 268,402,689; want a width of at most 16775168 px",
    ],
    [{ height: 17 }, RangeError, `height 17 px: ${tiling}; nearest that do: height 16 px or 20 px`],
    [{ height: 8 }, RangeError, `height 8 px: ${tiling}; nearest that do: height 16 px; window 4`],
    [{ width: Number.NaN }, RangeError, `width NaN px: ${tiling}; nearest that do: width 16 px`],
    [
      { stride: 5 },
      RangeError,
      /^width 64 px: windows of 8 at stride 5 .*; nearest that do: width 56 px or 66 px; stride 4 or 6; window 7 or 12$/,
    ],
    [
      { stride: 9 },
      RangeError,
      "stride 9: more than the window, 8, so columns between windows would not be covered; nearest that do: stride 8",
    ],
    [{ stride: 0 }, RangeError, "stride 0: want a whole number of latent pixels, at least 1; nearest that do: stride 1"],
    [
      { window: 7, stride: 2 },
      RangeError,
      /^width 64 px: windows of 7 at stride 2 .*; nearest that do: width 62 px or 66 px; stride 1 or 5; window 6 or 8$/,
    ],
    [{ window: 2.5 }, RangeError, "window 2.5: want a whole number of latent pixels, at least 1; nearest that do: window 2 or 3"],
    [{ steps: 0 }, RangeError, "steps 0: want a whole number from 1 to 1000"],
    [{ steps: 1000 }, RangeError, "steps 1000: the first timestep would be 1000, past the last one, 999; take fewer steps"],
    [{ guidanceScale: Number.NaN }, RangeError, "guidanceScale NaN: want a number"],
    [{ seed: -1 }, RangeError, "seed -1: want a whole number >= 0"],
    [{ seed: 1.5 }, RangeError, "seed 1.5: want a whole number >= 0"],
    [{ batch: 0 }, RangeError, "batch 0: want a whole number >= 1"],
    [{ prompt: undefined }, TypeError, /^\w+: got prompt undefined, want a prompt, or its embeddings as text$/],
    [{ latent: zeros([1, 3, 8, 32]) }, ShapeError, /^\w+: latent: got \[1,3,8,32\], want \[1,4,height,width\]$/],
    [{ latent: zeros([1, 4, 8, 30]) }, RangeError, "width 64 px: the given latent has 60 px; leave width out"],
    [{ text: zeros([1, 3, 5]) }, ShapeError, /^\w+: text: got \[1,3,5\], want \[2,tokens,dim\]; stack the negative/],
    [
      { width: 65, windows: [{ top: 0, left: 0, height: 8, width: 8 }] },
      RangeError,
      "width 65 px: want a multiple of 2 px; nearest that are: 64 or 66 px",
    ],
    [{ windows: [{ top: 0, left: 0, height: 8, width: 8 }] }, RangeError, "windows: latent columns 8 to 31 are covered by no window"],
    [{ windows: [] }, RangeError, "windows: got none, want at least one"],
  ])("are refused at once where they are wrong: %o", (wrong, error, message) => {
    expect(() => method(toy(), { ...base, ...wrong })).toThrow(error);
    expect(() => method(toy(), { ...base, ...wrong })).toThrow(message);
  });
});

describe("SyncDiffusion's own options", () => {
  test("have the paper's values where none are given", () =>
    expect(syncDiffusion(toy(), base).options).toMatchObject({ weight: 20, decay: 0.95, syncEvery: 1, syncSteps: 4, anchor: 6 }));

  test.each([
    [{ weight: Number.NaN }, "weight NaN: want a number"],
    [{ decay: -0.1 }, "decay -0.1: want a number >= 0"],
    [{ syncEvery: 0 }, "syncEvery 0: want a whole number >= 1"],
    [{ syncSteps: -1 }, "syncSteps -1: want a whole number >= 0"],
    [{ syncSteps: 1.5 }, "syncSteps 1.5: want a whole number >= 0"],
    [{ anchor: 13 }, 'anchor 13: want "middle" or a window\'s index, from 0 to 12'],
    [{ anchor: "left" as "middle" }, 'anchor left: want "middle", "rolling", a window\'s index, from 0, or one for each step'],
  ])("are refused at once where they are wrong: %o", (wrong, message) => {
    expect(() => syncDiffusion(toy(), { ...base, ...wrong })).toThrow(RangeError);
    expect(() => syncDiffusion(toy(), { ...base, ...wrong })).toThrow(message);
  });

  test("are not read by MultiDiffusion", () =>
    expect(multiDiffusion(toy(), { ...base, ...{ weight: Number.NaN } }).options).not.toHaveProperty("weight"));
});

describe('loop "official"', () => {
  const official = (options: object) => syncDiffusion(toy(), { prompt: "hills", steps: 2, loop: "official", ...options });

  test("is the ring without the last window of each row, as in golden/runs/sync_loop: 48 columns, windows of 24 at stride 8 give 5", () => {
    const { windows, loop } = official({ width: 96, height: 48, window: 24, stride: 8 }).options;
    expect(windows.map(({ left }) => left)).toEqual([0, 8, 16, 24, 32]);
    expect(loop).toBe("official");
  });

  test("is repeated from its own options, and decodes around the edge", async () => {
    const model = toy();
    const run = syncDiffusion(model, { prompt: "hills", steps: 2, seed: 3, width: 64, loop: "official" });
    const { result } = await finish(run);
    expect(model.calls.filter(({ kind }) => kind === "decode").at(-1)?.edge).toBe("wrap");
    const { windows: _, ...options } = run.options;
    expect((await finish(syncDiffusion(toy(), options))).result).toEqual(result);
  });

  test("is refused without overlap", () => {
    expect(() => official({ stride: 8 })).toThrow(/loop "official" at stride 8/);
    expect(() => official({ loop: "ring" })).toThrow(/loop ring: want true, false or "official"/);
  });
});
