/** `--lora` and `--embedding` of veduta paint: they reach the model, the run's record, the report, and the runs that repeat it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, openModel, randn } from "veduta";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { kohya, layersOf, randomMatrices } from "../fixtures/lora.js";
import { pulledVocabulary, singleFileTensors, writeDiffusers } from "../fixtures/single-file.js";
import { TINY, writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const root = mkdtempSync(join(tmpdir(), "veduta-cli-adapters-"));
const at = (...names: string[]) => join(root, ...names);
const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));
beforeAll(() => {
  writeTinyCheckpoint(at("tiny"));
  const layers = layersOf(readSafetensors(at("tiny/unet/diffusion_pytorch_model.safetensors")));
  const lora = (seed: number) => kohya(layers.map((layer) => randomMatrices(createRng(seed), "unet", layer)));
  writeSafetensors(at("snow.safetensors"), lora(1));
  writeSafetensors(at("rain.safetensors"), lora(2));
  writeSafetensors(at("toy.safetensors"), { emb_params: randn(createRng(3), [2, TINY.dim]) });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function veduta(...words: readonly string[]) {
  let err = "";
  const code = await main(words, {
    openModel: (path, options) => openModel(path, { ...options, threads: 1 }),
    stdout: { write: () => true },
    stderr: { write: (text) => (err += text) },
    onInterrupt: () => () => {},
  });
  return { code, err };
}

describe.skipIf(!built)("veduta paint --lora --embedding (needs the built viewer: npm run build)", () => {
  const paint = ["--method", "multi", "--steps", "2", "--width", "32", "--seed", "5", "--device", "cpu"];
  const picture = (name: string) => readFileSync(at(name, "panorama.png"));

  test("are recorded with their sha256, shown in the report, taken again by --from, and refused where a file has changed", async () => {
    const flags = [
      "--lora",
      `${at("snow.safetensors")}:0.5`,
      "--lora",
      at("rain.safetensors"),
      "--embedding",
      `${at("toy.safetensors")}:<toy>`,
    ];
    expect(await veduta("paint", "a <toy>", "--model", at("tiny"), ...paint, ...flags, "--out", at("first"))).toMatchObject({ code: 0 });
    const { info } = await openRun(at("first"));
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(info.model.lora).toEqual([
      { file: at("snow.safetensors"), scale: 0.5, sha256 },
      { file: at("rain.safetensors"), scale: 1, sha256 },
    ]);
    expect(info.model.embedding).toEqual([{ file: at("toy.safetensors"), word: "<toy>", sha256 }]);
    const report = readFileSync(at("first", "report.html"), "utf8");
    expect(report).toContain(`--lora ${at("snow.safetensors")}:0.5 --lora ${at("rain.safetensors")} --embedding`);
    expect(report).toContain("scale 0.5; sha256");

    expect(await veduta("paint", "--from", at("first"), "--out", at("again"))).toMatchObject({ code: 0 });
    expect(picture("again")).toEqual(picture("first"));
    expect((await openRun(at("again"))).info.model).toEqual(info.model);
    expect(await veduta("paint", "a <toy>", "--model", at("tiny"), ...paint, "--out", at("plain"))).toMatchObject({ code: 0 });
    expect(picture("plain")).not.toEqual(picture("first"));
    expect((await openRun(at("plain"))).info.model).not.toHaveProperty("lora");

    expect(await veduta("paint", "--from", at("first"), "--lora", at("rain.safetensors"), "--out", at("other"))).toMatchObject({ code: 0 });
    expect((await openRun(at("other"))).info.model.lora).toMatchObject([{ file: at("rain.safetensors"), scale: 1 }]);

    expect(await veduta("paint", "--from", at("first"), "--without", "lora", "--out", at("bare"))).toMatchObject({ code: 0 });
    const bare = (await openRun(at("bare"))).info.model;
    expect(bare).not.toHaveProperty("lora");
    expect(bare.embedding).toEqual(info.model.embedding);
    expect((await veduta("paint", "a", "--without", "lora")).err).toContain("--without leaves out what the run of --from had");
    expect((await veduta("paint", "--from", at("first"), "--without", "vae")).err).toContain("out of control-net, lora, embedding");

    writeSafetensors(at("snow.safetensors"), readSafetensors(at("rain.safetensors")));
    const { code, err } = await veduta("paint", "--from", at("first"), "--out", at("changed"));
    expect(code).not.toBe(0);
    expect(err).toMatch(
      /snow\.safetensors: expected sha256 [0-9a-f]{64}, as the run's record says, found sha256 [0-9a-f]{64}; give the file/,
    );
  });

  test("what a single file is said to predict is recorded, shown in the report, and taken again by --from", async () => {
    const folder = at("sd");
    const file = at("sd.safetensors");
    writeSafetensors(file, singleFileTensors(1, writeDiffusers(folder, 1, "epsilon")), {});
    for (const [name, value] of Object.entries(pulledVocabulary(root))) vi.stubEnv(name, value);
    try {
      const words = ["--model", file, "--prediction", "v_prediction", ...paint, "--window", "8", "--height", "16", "--out", at("said")];
      expect(await veduta("paint", "a cat!", ...words)).toMatchObject({ code: 0 });
      expect((await openRun(at("said"))).info.model.prediction).toBe("v_prediction");
      expect(readFileSync(at("said", "report.html"), "utf8")).toContain(`--model ${file} --prediction v_prediction --device cpu`);
      expect(await veduta("paint", "--from", at("said"), "--out", at("said-again"))).toMatchObject({ code: 0 });
      expect(picture("said-again")).toEqual(picture("said"));
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test.each([
    [["--lora", "none.safetensors:0.8"], /none\.safetensors: expected a LoRA .*found no such file/],
    [["--embedding", "none.pt"], /none\.pt: expected a textual inversion/],
  ])("refuse %j in one line", async (wrong, message) => {
    const { code, err } = await veduta("paint", "a", "--model", at("tiny"), ...paint, ...wrong, "--out", at("wrong"));
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });
});
