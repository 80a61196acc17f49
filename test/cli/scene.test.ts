/** @file `veduta scene` on a small model of random weights: what it writes, what repeats it, and what it refuses. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage, encodePng, memorySink, openRun, type PyramidRun, replay, resume, type SavedRun, setSink, track } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PaintModel } from "#kernel-lib/cli/command.js";
import { main } from "#kernel-lib/cli.js";
import { openPyramidModel, type SceneModel } from "#kernel-lib/methods/pyramid/open-pyramid-model.js";
import { toy } from "../methods/joint/toy.js";
import { writeFridoFolder } from "../methods/pyramid/frido-folder.js";

const root = mkdtempSync(join(tmpdir(), "veduta-scene-cli-"));
let model: SceneModel;
beforeAll(async () => {
  model = await openPyramidModel(writeFridoFolder(join(root, "model")), { device: "cpu", threads: 1 });
});
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});
let folders = 0;
const fresh = (): string => join(root, `out-${folders++}`);
function file(name: string, content: unknown): string {
  writeFileSync(join(root, name), typeof content === "string" ? content : JSON.stringify(content));
  return join(root, name);
}

async function veduta(words: readonly string[], { scenes = true, stopAfter = Number.POSITIVE_INFINITY } = {}) {
  let [out, err, calls] = ["", "", 0];
  let interrupt = () => {};
  const watched = {
    ...model,
    predictStageNoise: async (...given: Parameters<SceneModel["predictStageNoise"]>) => {
      if (++calls === stopAfter) interrupt();
      return model.predictStageNoise(...given);
    },
    close: async () => {},
  };
  const facts = {
    device: "cpu",
    precision: "float32",
    threads: 1,
    digest: "feed",
    path: "/models/toy",
    notices: [],
    close: async () => {},
  };
  const code = await main(["scene", ...words], {
    openModel: async () => (scenes ? watched : { ...toy(), ...facts }) as unknown as PaintModel,
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    onInterrupt: (stop) => {
      interrupt = stop;
      return () => {};
    },
  });
  return { code, out, err };
}

const LAYOUT = [
  { what: "boat", box: [0.2, 0.5, 0.3, 0.3] },
  { what: "sun", box: [0.6, 0.1, 0.2, 0.2] },
];
const COMMON = ["--steps", "3", "--seed", "7", "--width", "32", "--height", "32", "--model", "model"];

describe("what it writes", () => {
  test("a layout: picture, boxes, codes, records, report, and the layout itself", async () => {
    const out = fresh();
    const { code, err } = await veduta(["--layout", file("boats.json", LAYOUT), ...COMMON, "--out", out]);
    expect(err).not.toMatch(/error/i);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(
      ["codes.png", "foreseen", "image.png", "layout.json", "layout.png", "report.html", "run.json", "steps.json"].sort(),
    );
    expect(JSON.parse(readFileSync(join(out, "layout.json"), "utf8"))).toEqual(LAYOUT);
    expect((await decodeImage(join(out, "layout.png"))).shape).toEqual([1, 3, 32, 32]);
    const run = await openRun(out);
    expect(run.info).toMatchObject({
      family: "pyramid",
      method: "frido",
      complete: true,
      options: { layout: LAYOUT, steps: 3, sampler: "ddim" },
    });
    expect(run.steps.map(({ index, stage }) => [index, stage])).toEqual([0, 1, 2, 3, 4, 5].map((k) => [k, Math.floor(k / 3)]));
    expect(run.image?.shape).toEqual([1, 3, 32, 32]);
    expect(run.foreseen).toHaveLength(6);
    const html = readFileSync(join(out, "report.html"), "utf8");
    expect(html).toContain("veduta scene --layout layout.json --method frido");
    expect(html).toContain("From coarse to fine");
  });

  test.each([
    ["labels", ["--labels", "boat, sun"], "--labels boat,sun"],
    ["a prompt", ["--prompt", "a boat at noon"], "--prompt 'a boat at noon'"],
    ["a graph", ["--graph", "graph.json"], "--graph graph.json"],
  ])("%s: the report names the command that repeats it", async (_, words, repeated) => {
    file("graph.json", { objects: ["boat", "sun"], relations: [["boat", "left of", 1]] });
    const out = fresh();
    const given = words.map((word) => (word === "graph.json" ? join(root, word) : word));
    expect((await veduta([...given, ...COMMON, "--out", out])).code).toBe(0);
    expect(readFileSync(join(out, "report.html"), "utf8").replaceAll("&#39;", "'")).toContain(repeated);
  });

  test("names of a layout are escaped in the report and in the picture of its boxes", async () => {
    const { layoutSvg } = await import("#kernel-lib/conditions/layout-picture.js");
    expect(layoutSvg([{ what: "<script>", box: [0, 0, 1, 1] }], { width: 32, height: 32 })).not.toContain("<script>");
  });
});

describe("what repeats it", () => {
  const picture = (run: SavedRun) => run.image?.data;

  test("replay gives the same picture, and resume finishes a run that was stopped with it", async () => {
    setSink(memorySink());
    const words = ["--layout", file("boats.json", LAYOUT), ...COMMON, "--eta", "0.5"];
    const [whole, stopped] = [fresh(), fresh()];
    expect((await veduta([...words, "--out", whole])).code).toBe(0);
    const undisturbed = await openRun(whole);
    const repeated = (await track(replay(undisturbed, model) as PyramidRun, { previewEvery: 0 })).image;
    expect((await decodeImage(Buffer.from(await encodePng(repeated)))).data).toEqual(picture(undisturbed));
    expect((await veduta([...words, "--out", stopped], { stopAfter: 5 })).code).toBe(130);
    expect((await openRun(stopped)).info.complete).toBe(false);
    expect(picture(await resume(stopped, model))).toEqual(picture(undisturbed));
  });
});

describe("what it refuses, before anything is written", () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ["no condition", [], 2, /one of --layout, --labels, --graph, --prompt; got none/],
    ["two conditions", ["--labels", "boat", "--prompt", "a boat"], 2, /--labels and --prompt/],
    ["a layout that is not there", ["--layout", "/nowhere.json"], 1, /nowhere\.json.*no such file/s],
    ["a layout that is no JSON", ["--layout", "broken.json"], 1, /broken\.json/],
    ["a box outside of the picture", ["--layout", "outside.json"], 2, /layout\[0\]/],
    ["an unknown class", ["--labels", "bote"], 2, /bote.*boat/],
    ["PLMS with eta", ["--labels", "boat", "--sampler", "plms", "--eta", "1"], 2, /plms.*eta 1/],
  ])("%s", async (_, words, exit, message) => {
    file("broken.json", "[{");
    file("outside.json", [{ what: "boat", box: [0.9, 0, 0.4, 0.1] }]);
    const out = fresh();
    const given = words.map((word) => (/^(broken|outside)\.json$/.test(word) ? join(root, word) : word));
    const { code, err } = await veduta([...given, ...COMMON, "--out", out]);
    expect(err).toMatch(message);
    expect(code).toBe(exit);
    expect(existsSync(out)).toBe(false);
  });

  test("a model without a pyramid of codes", async () => {
    const { code, err } = await veduta(["--labels", "boat", ...COMMON, "--out", fresh()], { scenes: false });
    expect([code, err]).toEqual([2, expect.stringMatching(/no pyramid of codes/)]);
  });
});
