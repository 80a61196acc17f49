/** @file A method that is written outside the package is saved, opened, replayed and reported like the built-in ones. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  allMethods,
  cropAll,
  ddimStep,
  findMethod,
  fuse,
  jointMethod,
  lincomb,
  openRun,
  realOption,
  registerMethod,
  runHead,
  savedOptions,
  saveRun,
  seriesPlot,
} from "veduta";
import { afterAll, describe, expect, test } from "vitest";
import { finish, toy } from "./joint/toy.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-method-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** MultiDiffusion whose latent is pulled towards 0 by a share in each step, and which says how large each window is. */
const shrinking = jointMethod({
  name: "shrinking",
  title: "Shrinking windows",
  summary: "windows that fade",
  source: "this test",
  options: { share: realOption({ means: "what each step takes away", least: 0, default: 0.1 }) },
  series: [{ name: "size", per: "window", title: "Size of the windows", unit: "L2 norm" }],
  async *steps(run, { windows, share }) {
    let z = run.start; // [1,c,H,W]
    for (const hop of run.hops) {
      const xt = cropAll(z, windows);
      const denoised = ddimStep(xt, await run.noise(xt, hop), hop.now, hop.next);
      z = fuse(denoised.prev, windows, z.shape);
      z = lincomb(1 - share, z, 0, z);
      const size = windows.map((_, k) => Math.hypot(...xt.data.subarray(k * 256, (k + 1) * 256)));
      yield run.record(hop, z, denoised, { windows: { size } });
    }
    return run.finish(z);
  },
});
registerMethod(shrinking);

const model = () => ({ ...toy(), device: "cpu", precision: "float32", threads: 1, digest: "toy", path: "toy" });
const options = { prompt: "hills", seed: 3, steps: 4, width: 64, share: 0.2 };

describe("a method of one's own", () => {
  test("is known by its name, beside the built-in ones", () => {
    expect(findMethod("shrinking")).toBe(shrinking);
    expect(allMethods().map(({ name }) => name)).toEqual(expect.arrayContaining(["sync", "multi", "independent", "shrinking"]));
  });

  test("has the shared options and its own, with its table's defaults and checks", () => {
    expect(shrinking.run(toy(), { prompt: "hills" }).options).toMatchObject({ steps: 50, share: 0.1 });
    expect(() => shrinking.run(toy(), { prompt: "hills", share: -1 })).toThrow("share -1: want a number >= 0");
  });

  test("is saved, opened and reported with its title, its options and its curves, and repeated from its folder bit for bit", async () => {
    const run = shrinking.run(model(), options);
    const { steps, result } = await finish(run);
    const dir = join(folder, "run");
    await saveRun(dir, { ...runHead("shrinking", run, model()), steps, result });
    const saved = await openRun(dir);
    expect(saved.info).toMatchObject({ method: "shrinking", title: "Shrinking windows", series: shrinking.series });
    expect(saved.steps[2].windows[1].size).toBe(steps[2].windows[1].size);

    const page = readFileSync(join(dir, "report.html"), "utf8");
    for (const text of [
      "Veduta, Shrinking windows",
      "Size of the windows over the steps",
      "what each step takes away",
      "--method shrinking",
      "--share 0.2",
    ])
      expect(page.includes(text), text).toBe(true);

    const again = findMethod(saved.info.method)?.run(model(), savedOptions(saved) as never);
    expect((await finish(again as typeof run)).result.latent).toEqual(result.latent);
  });

  test("has a plot of each of its series", async () => {
    const { steps } = await finish(shrinking.run(toy(), options));
    const bundle = await seriesPlot(steps, shrinking.series[0]).bundle();
    expect(bundle["text/plain"]).toMatch(/^\[Size of the windows: L2 norm of \d+ windows over steps 0 to 3, no anchor/);
  });

  test("is refused under a built-in name, and under one that no flag can give", () => {
    expect(() => registerMethod({ ...shrinking, name: "sync" })).toThrow(
      'registerMethod: "sync" is a built-in method; choose another name',
    );
    expect(() => registerMethod({ ...shrinking, name: "My method" })).toThrow(/want lower-case letters, digits and "-"/);
  });

  test("that is not registered is refused by name where a run begins, with those that are", () => {
    const run = shrinking.run(model(), options);
    expect(() => runHead("magic", run, model())).toThrow(
      `method magic: want one of ${[...allMethods(), ...allMethods("edit"), ...allMethods("pyramid")]
        .map(({ name }) => name)
        .filter((name) => name !== "shrinking")
        .join(", ")}, shrinking`,
    );
  });
});
