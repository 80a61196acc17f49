import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { randomWeightsCommand } from "#kernel-lib/cli/models-random-weights.js";
import type { RandomWeightsDeps } from "#kernel-lib/cli/models-random-weights-action.js";
import { main } from "#kernel-lib/cli.js";
import { tiny } from "../pipelines/random-weights/shrunk.js";

const root = mkdtempSync(join(tmpdir(), "veduta-cli-random-weights-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `folder-${folders++}`);

/** What the command prints, and a Ctrl-C where one is wanted. */
function terminal({ interrupt = false }: { readonly interrupt?: boolean } = {}): RandomWeightsDeps & { out: string; err: string } {
  const seen = {
    out: "",
    err: "",
    stdout: { write: (text: string) => (seen.out += text) },
    stderr: { write: (text: string) => (seen.err += text) },
    onInterrupt: (stop: () => void) => {
      if (interrupt) stop();
      return () => {};
    },
  };
  return seen;
}

async function veduta(words: readonly string[], options?: { readonly interrupt?: boolean }) {
  const deps = terminal(options);
  const openModel = () => Promise.reject(new Error("no model is opened here"));
  return { code: await main(["models", "random-weights", ...words], { ...deps, openModel }), ...deps };
}

describe("veduta models random-weights", () => {
  test("writes the folder and says where it is, how large, and how long it took", async () => {
    const dir = fresh();
    const deps = terminal();
    const command = new Command();
    randomWeightsCommand(command, deps, { tiny: tiny() });
    await command.parseAsync(["random-weights", "tiny", "--out", dir, "--precision", "fp16"], { from: "user" });
    expect(readdirSync(dir).sort()).toEqual(["model_index.json", "perceptual", "scheduler", "text_encoder", "tokenizer", "unet", "vae"]);
    expect(deps.out).toMatch(/^\S+folder-0\n0\.1 M parameters, \d+ kB, [\d.]+ s\n$/);
    expect(deps.err).toMatch(/(\d+ kB) of \1 · tiny, fp16\n$/);
  });

  test("stopped by Ctrl-C, leaves nothing and exits with 130", async () => {
    const dir = fresh();
    const { code, err } = await veduta(["sd2-base", "--out", dir, "--precision", "fp16"], { interrupt: true });
    expect(code).toBe(130);
    expect(err).toMatch(/Stopped; nothing was left behind\.\n$/);
    expect([dir, `${dir}.partial`].filter((path) => existsSync(path))).toEqual([]);
  });

  test.each([
    { words: ["sd3", "--out", "x"], says: /sd15, sd2-base, sd21/, code: 2 },
    { words: ["sd15"], says: /--out <dir>/, code: 2 },
    { words: ["sd15", "--out", "x", "--precision", "int8"], says: /fp32, fp16/, code: 2 },
    { words: ["sd15", "--out", "x", "--seed", "-1"], says: /whole number, 0 or more/, code: 2 },
    { words: ["sd15", "--out", tmpdir()], says: /expected a new or empty folder, found /, code: 1 },
  ])("$words: says what would be right", async ({ words, says, code }) => {
    const answer = await veduta(words);
    expect(answer.err).toMatch(says);
    expect(answer.code).toBe(code);
  });
});
