/** @file Textual inversions: a word stands for its vectors, in every format; files that do not fit are refused. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { createRng, openModel, randn, rows, type Tensor, tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, scratchFolder } from "../../fixtures/checkpoint-folder.js";
import { kohya, randomMatrices } from "../../fixtures/lora.js";
import { TINY, writeTinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";
import { type Pickled, tensorValue, type WrittenTensor, zipFile } from "../../weights/torch-writer.js";

const scratch = scratchFolder();
const at = (...names: string[]) => join(scratch.path, ...names);
const CPU = { device: "cpu", threads: 1 } as const;
beforeAll(() => void writeTinyCheckpoint(at("tiny")));
afterAll(scratch.remove);

const vectors = randn(createRng(9), [3, TINY.dim]);
/** What A1111 saves: the vectors among plain data. */
const a1111 = (written: WrittenTensor): Pickled => ({
  dict: [
    ["string_to_token", { dict: [["*", 265]] }],
    ["string_to_param", { dict: [["*", tensorValue(written, 0)]] }],
    ["name", "something-else"],
    ["step", 5000],
    ["sd_checkpoint", null],
  ],
});

describe("a textual inversion", () => {
  test.each([
    [
      "A1111's .safetensors, by its file's name",
      "bad hands.safetensors",
      "bad hands",
      (file: string) => writeSafetensors(file, { emb_params: vectors }),
    ],
    [
      "diffusers' .safetensors, by its key",
      "learned_embeds.safetensors",
      "<cat-toy>",
      (file: string) => writeSafetensors(file, { "<cat-toy>": vectors }),
    ],
    [
      "A1111's .pt, by its file's name; a parameter that was trained",
      "easynegative.pt",
      "easynegative",
      (file: string) => {
        const written = { name: "*", shape: vectors.shape, data: vectors.data, rebuild: "_rebuild_parameter" } as const;
        put(file, zipFile([written], { value: a1111(written) }));
      },
    ],
    [
      "diffusers' .bin, by its key",
      "learned_embeds.bin",
      "<cat-toy>",
      (file: string) => void put(file, zipFile([{ name: "<cat-toy>", shape: vectors.shape, data: vectors.data }])),
    ],
  ])("%s, takes as many tokens as it has vectors", async (_, name, word, write) => {
    const file = at(name);
    write(file);
    const model = await openModel(at("tiny"), { ...CPU, embedding: file });
    const plain = await openModel(at("tiny"), CPU);
    const { ids } = await model.tokenize(`a cat, ${word} in`);
    const without = (await plain.tokenize("a cat, in")).ids;
    const first = ids.findIndex((id, k) => id !== without[k]);
    const [own] = ids.slice(first);
    expect(ids).toEqual([...without.slice(0, first), own, own + 1, own + 2, ...without.slice(first, -3)]);
    expect(model.embeddings).toMatchObject([{ file, word, vectors: 3 }]);
    expect(model.digest).not.toBe(plain.digest);
    // the encoder's first layer sees the vectors: the same text with other ones is another
    const a = await model.encodeText(word);
    writeSafetensors(at("other.safetensors"), { emb_params: { ...vectors, data: vectors.data.map((x) => x + 0.5) } });
    const other = await openModel(at("tiny"), { ...CPU, embedding: { file: at("other.safetensors"), word } });
    expect((await other.encodeText(word)).data).not.toEqual(a.data);
    expect((await other.encodeText("a cat")).data).toEqual((await plain.encodeText("a cat")).data);
    await Promise.all([model, plain, other].map((each) => each.close()));
  });

  test("whose vectors are those of known tokens gives the text of these tokens, bit for bit; with a LoRA too", async () => {
    const plain = await openModel(at("tiny"), CPU);
    const table = readSafetensors(at("tiny", "text_encoder/model.safetensors"))["text_model.embeddings.token_embedding.weight"];
    const { ids } = await plain.tokenize("cat mountain");
    const own = ids.slice(1, ids.indexOf(ids[ids.length - 1])); // between begin and end
    const known = tensor(Float32Array.from(own.flatMap((id) => [...rows(table, id, id + 1).data])), [own.length, TINY.dim]);
    writeSafetensors(at("known.safetensors"), { emb_params: known });
    const model = await openModel(at("tiny"), { ...CPU, embedding: `${at("known.safetensors")}:both` });
    expect((await model.encodeText("in BOTH in")).data).toEqual((await plain.encodeText("in cat mountain in")).data);
    const layer = ["text_model.encoder.layers.0.mlp.fc1.weight", { data: new Float32Array(128), shape: [16, 8] } as Tensor] as const;
    writeSafetensors(at("lora.safetensors"), kohya([randomMatrices(createRng(1), "text_encoder", layer)]));
    const lora = at("lora.safetensors");
    const [withLora, withBoth] = [
      await openModel(at("tiny"), { ...CPU, lora }),
      await openModel(at("tiny"), { ...CPU, lora, embedding: `${at("known.safetensors")}:both` }),
    ];
    expect((await withBoth.encodeText("in both in")).data).toEqual((await withLora.encodeText("in cat mountain in")).data);
    await Promise.all([plain, model, withLora, withBoth].map((each) => each.close()));
  });

  test("matches as a whole word, in small or capital letters, the longest first; many are cut as words are", async () => {
    for (const name of ["at", "at-in", "<x>"]) writeSafetensors(at(`${name.replace(/\W/g, "")}.safetensors`), { [name]: vectors });
    const embedding = [at("at.safetensors"), at("atin.safetensors"), at("x.safetensors")];
    const model = await openModel(at("tiny"), { ...CPU, embedding });
    const plain = await openModel(at("tiny"), CPU);
    const { length } = (await plain.tokenize("x")).ids;
    const base = Math.min(...(await model.tokenize("AT")).ids.slice(1, 4));
    const counted = async (text: string) => (await model.tokenize(text)).ids.filter((id) => id >= base).map((id) => id - base);
    expect(await counted("cat")).toEqual([]);
    expect(await counted("At in")).toEqual([0, 1, 2]);
    expect(await counted("at-in")).toEqual([3, 4, 5]);
    expect(await counted("c<X>cat")).toEqual([6, 7, 8]);
    const many = await model.tokenize("at at at at at at");
    expect(many).toMatchObject({ truncated: true });
    expect(many.ids.length).toBe(length);
    await Promise.all([model.close(), plain.close()]);
  });
});

describe("is refused by file, expected and found:", () => {
  const one = (name: string, shape: readonly number[]) => ({ [name]: tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape) });
  test.each<readonly [string, Readonly<Record<string, Tensor>>, RegExp]>([
    ["another width", one("emb_params", [2, 768]), /expected "emb_params" \[vectors,8\].*found \[2,768\], F32; give the checkpoint/],
    ["SDXL's", { ...one("clip_l", [1, 8]), ...one("clip_g", [1, 8]) }, /found one of Stable Diffusion XL/],
    ["no vectors", one("emb_params", [0, 8]), /found \[0,8\]/],
    ["three axes", one("emb_params", [1, 1, 8]), /found \[1,1,8\]/],
    ["a LoRA", one("lora_te_x.lora_up.weight", [8, 8]), /found 1 tensors \("lora_te_x/],
    ["several", { ...one("<a>", [1, 8]), ...one("<b>", [1, 8]) }, /found 2 tensors/],
    ["none", {}, /found 0 tensors \(none\)/],
  ])("%s", async (_, tensors, message) => {
    writeSafetensors(at("wrong.safetensors"), tensors);
    await expect(openModel(at("tiny"), { ...CPU, embedding: at("wrong.safetensors") })).rejects.toThrow(message);
  });

  test("two files with one word, a missing file, a model without text", async () => {
    writeSafetensors(at("w.safetensors"), { emb_params: vectors });
    copyFileSync(at("w.safetensors"), at("v.safetensors"));
    await expect(openModel(at("tiny"), { embedding: [at("w.safetensors"), `${at("v.safetensors")}:W`] })).rejects.toThrow(
      /"W", which another file has/,
    );
    await expect(openModel(at("tiny"), { embedding: "none.pt" })).rejects.toThrow(/none\.pt: .*no such file/);
    await expect(openModel("tiny-noon", { embedding: at("w.safetensors") })).rejects.toThrow(/takes no LoRAs and no textual inversions/);
  });

  test("a pickle that would run something", async () => {
    const value: Pickled = { dict: [["string_to_param", { call: "os system", with: ["true"] }]] };
    put(at("evil.pt"), zipFile([], { value }));
    await expect(openModel(at("tiny"), { embedding: at("evil.pt") })).rejects.toThrow(
      /expected only the names that tensors need.*found "os system"/,
    );
  });
});
