import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { put, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { checkpointFile, networks, officialTensors, textTraining, training, yamlOf } from "../fixtures/frido-training.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let folders = 0;
const fresh = (): string => join(scratch.path, `folder-${folders++}`);
const CKPT = put(join(scratch.path, "model.ckpt"), checkpointFile(officialTensors(networks(1))));
const YAML = put(join(scratch.path, "training.yaml"), Buffer.from(yamlOf(training())));

async function veduta(words: readonly string[], { interrupt = false } = {}) {
  const seen = { out: "", err: "" };
  const code = await main(["models", "convert", "frido", ...words], {
    openModel: () => Promise.reject(new Error("no model is opened here")),
    stdout: { write: (text: string) => (seen.out += text) },
    stderr: { write: (text: string) => (seen.err += text) },
    onInterrupt: (stop: () => void) => {
      if (interrupt) stop();
      return () => {};
    },
  });
  return { code, ...seen };
}

describe("veduta models convert frido", () => {
  test("writes the folder, says where it is and how large, and what it lacks", async () => {
    const out = fresh();
    const { code, out: said, err } = await veduta([CKPT, YAML, "--out", out]);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(["condition", "first_stage", "model_index.json", "scheduler", "unet"]);
    expect(said).toMatch(/^\S+folder-\d+\n0\.0 M parameters, [\d.]+ kB, [\d.]+ s\n$/);
    expect(err).toMatch(
      /The classes are called by their numbers; --classes FILE names them, one per line in the order of their numbers\.\n$/,
    );
  });

  test("takes the classes' names, and replaces a checkpoint with --force alone", async () => {
    const out = fresh();
    const classes = put(join(scratch.path, "classes.txt"), Buffer.from("boat\nsun\n"));
    expect((await veduta([CKPT, YAML, "--out", out])).code).toBe(0);
    expect((await veduta([CKPT, YAML, "--out", out, "--classes", classes])).err).toMatch(
      /found a checkpoint; give another one, or replace it/,
    );
    const { code, err } = await veduta([CKPT, YAML, "--out", out, "--classes", classes, "--force"]);
    expect({ code, said: /The classes are called by their numbers/.test(err) }).toEqual({ code: 0, said: false });
  });

  test("takes BERT's vocabulary for a text model", async () => {
    const out = fresh();
    const yaml = put(join(scratch.path, "text.yaml"), Buffer.from(yamlOf(training(textTraining("captions.json")))));
    const vocabulary = put(join(scratch.path, "vocab.txt"), Buffer.from("[PAD]\n[UNK]\n[CLS]\n[SEP]\nboat\n"));
    expect((await veduta([CKPT, yaml, "--out", out, "--vocabulary", vocabulary])).code).toBe(0);
    expect(readdirSync(join(out, "condition")).sort()).toEqual(["config.json", "model.safetensors", "scene_tokens.json", "vocab.txt"]);
  });

  test("stopped by Ctrl-C, leaves nothing and exits with 130", async () => {
    const out = fresh();
    const { code, err } = await veduta([CKPT, YAML, "--out", out], { interrupt: true });
    expect(code).toBe(130);
    expect(err).toMatch(/Stopped; nothing was left behind\.\n$/);
    expect([out, `${out}.partial`].filter((path) => existsSync(path))).toEqual([]);
  });

  test.each([
    { words: [CKPT, YAML], says: /--out <dir>/, code: 2 },
    { words: [CKPT, "--out", "x"], says: /missing required argument 'yaml'/, code: 2 },
    { words: [YAML, YAML, "--out", fresh()], says: /error: \S+training\.yaml: expected a \.pth that torch\.save wrote/, code: 1 },
    { words: [CKPT, CKPT, "--out", fresh()], says: /error: \S+model\.ckpt: expected/, code: 1 },
    {
      words: [join(scratch.path, "none.ckpt"), YAML, "--out", fresh()],
      says: /none\.ckpt: expected a file that can be read, found no such file/,
      code: 1,
    },
  ])("$words: says what would be right", async ({ words, says, code }) => {
    const answer = await veduta(words);
    expect(answer.err).toMatch(says);
    expect(answer.code).toBe(code);
  });
});
