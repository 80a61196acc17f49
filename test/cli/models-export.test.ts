/** `veduta models export`: its flags, what it prints, and what it says of wrong words. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { freshFolders, veduta } from "../fixtures/toy-cli.js";

const tiny = tinyCheckpoint();
const { fresh, remove } = freshFolders("models-export");
afterAll(() => {
  tiny.remove();
  remove();
});

describe("veduta models export", () => {
  test("writes a model for each function and panorama, and says nodes, bytes and how the weights came there", async () => {
    const out = fresh();
    const words = [
      "--what",
      "decode,decode_wrap",
      "--width",
      "48",
      "--height",
      "16",
      "--width",
      "64",
      "--height",
      "32",
      "--layout",
      "flat",
    ];
    const { code, out: said } = await veduta(["models", "export", tiny.path, "--out", out, ...words]);
    expect(code).toBe(0);
    const names = ["decode", "decode_48x16", "decode_64x32", "decode_wrap_48x16", "decode_wrap_64x32"];
    expect(
      said
        .split("\n")
        .slice(1, 6)
        .map((line) => line.replace(/ .*/, "")),
    ).toEqual(names.map((name) => `${name}:`));
    expect(said).toMatch(/\ndecode: \d+ nodes, [\d.]+ kB\n/);
    expect(said).toMatch(/\nweights: [\d.]+ kB, linked; [\d.]+ s in all\n$/);
    expect(readdirSync(out).sort()).toEqual([...names, "tokenizer", "veduta.json"]);
    expect(readdirSync(join(out, "decode"), { recursive: true }).sort()).toEqual(["1", "1/model.onnx", "1/vae.safetensors"]);
  });

  test("--precision, --copy, --keeps and --timestep-embedding reach the export, and a panorama is as high as a window by itself", async () => {
    const out = fresh();
    const words = [
      "--what",
      "noise,decode",
      "--width",
      "48",
      "--precision",
      "float16",
      "--copy",
      "--keeps",
      "ends",
      "--timestep-embedding",
      "fed",
    ];
    const { out: said } = await veduta(["models", "export", tiny.path, "--out", out, "--batch", "2", ...words]);
    expect(said).toMatch(/, copied; /);
    expect(JSON.parse(readFileSync(join(out, "veduta.json"), "utf8"))).toMatchObject({
      precision: "float16",
      batch: 2,
      functions: { noise: { inputs: [{ shape: [2, 4, 8, 8] }, { name: "timestepEmbedding" }, {}, {}, {}, {}] }, decode_48x16: {} },
    });
  });

  test.each([
    {
      words: ["--what", "noise,nois"],
      says: /Got "nois", want names out of text, noise, gradient, foresee, decode, decode_wrap, encode, /,
      code: 2,
    },
    { words: ["--batch", "0"], says: /Want a whole number, 1 or more/, code: 2 },
    { words: ["--width", "100", "--height", "31"], says: /--height 31: want a multiple of 2 px, such as 30 or 32/, code: 2 },
    { words: ["--height", "32"], says: /--height stands 1 times and --width 0; give one for each width/, code: 2 },
    { words: ["--what", "encode_wrap"], says: /encode_wrap: got no size, want the panorama's by --width and --height/, code: 2 },
    { words: ["--layout", "ovms"], says: /triton, flat/, code: 2 },
  ])("$words: says what would be right, and writes nothing", async ({ words, says, code }) => {
    const out = fresh();
    const answer = await veduta(["models", "export", tiny.path, "--out", out, ...words]);
    expect(answer.err).toMatch(says);
    expect([answer.code, existsSync(out)]).toEqual([code, false]);
  });
});
