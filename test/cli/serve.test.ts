/** `veduta serve`: its flags, what it prints, and painting through it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { freshFolders, veduta } from "../fixtures/toy-cli.js";

const tiny = tinyCheckpoint();
const { root, fresh, remove } = freshFolders("serve");
afterAll(() => {
  tiny.remove();
  remove();
});

/** Serves until `use` has ended. */
async function serving<T>(words: readonly string[], use: (address: string) => Promise<T>): Promise<{ code: number; err: string; used: T }> {
  let [err, stop] = ["", () => {}];
  let said: (address: string) => void = () => {};
  const address = new Promise<string>((resolve) => {
    said = resolve;
  });
  const ended = main(["serve", "--model", tiny.path, "--device", "cpu", "--threads", "1", "--port", "0", ...words], {
    openModel: () => Promise.reject(new Error("not this way")),
    stdout: { write: (text) => said(text.trim()) },
    stderr: { write: (text) => (err += text) },
    onInterrupt: (interrupt) => {
      stop = interrupt;
      return () => {};
    },
  });
  const used = await use(await address);
  stop();
  return { code: await ended, err, used };
}

describe("veduta serve", () => {
  test("says model, device, functions and address; veduta paint takes the address, and its run can be repeated from it", async () => {
    const tokens = join(root, "tokens");
    writeFileSync(tokens, "# of the class\n first \nsecond\n");
    process.env.VEDUTA_TOKEN = "second";
    const out = fresh();
    const { code, err, used } = await serving(["--token-file", tokens, "--batch", "2", "--max-waiting", "9"], async (address) => {
      let painted = "";
      const stderr = { write: (text: string) => (painted += text) };
      const words = [
        "paint",
        "hills",
        "--model",
        address,
        "--method",
        "multi",
        "--steps",
        "2",
        "--width",
        "32",
        "--seed",
        "3",
        "--out",
        out,
      ];
      expect(
        await main([...words, "--keep", "nothing", "--verbose"], {
          openModel,
          stdout: { write: () => true },
          stderr,
          onInterrupt: () => () => {},
        }),
      ).toBe(0);
      const { info } = await openRun(out);
      expect(info.model).toMatchObject({ name: address, device: "cpu", precision: "float32", threads: 1 });
      expect(info.batch).toEqual({ noise: 2 });
      expect(painted).toMatch(new RegExp(`note: model on ${address}: cpu, float32`));
      return painted;
    }).finally(() => delete process.env.VEDUTA_TOKEN);
    expect(code).toBe(0);
    expect(err).toMatch(/ on the CPU \(1 thread\), float32, open after [\d.]+ s: text, noise, foresee, gradient, decode, encode, /);
    expect(err).toMatch(/\nStopping after this network call\./);
    expect(used).toMatch(/MultiDiffusion on the CPU \(1 thread\), float32, seed 3/);
  });

  test.each([
    { words: ["--host", "0.0.0.0"], says: /--host 0\.0\.0\.0: anybody who reaches it could ask; give --token-file, or --open/, code: 2 },
    { words: ["--model", "http://gpu:8000"], says: /got the address of another server, want a checkpoint on this machine/, code: 2 },
    { words: ["--model", "tiny-noon"], says: /expected a checkpoint of Stable Diffusion 1 and 2, found one of /, code: 1 },
    { words: ["--max-waiting", "0"], says: /Want a whole number, 1 or more/, code: 2 },
    { words: ["--port", "99999"], says: /port/, code: 1 },
    { words: ["--token-file", "/nowhere/tokens"], says: /\/nowhere\/tokens: expected a file that can be read/, code: 1 },
  ])("$words: says what would be right", async ({ words, says, code }) => {
    const answer = await veduta(["serve", "--port", "0", ...words]);
    expect(answer.err).toMatch(says);
    expect(answer.code).toBe(code);
  });

  test("a token file without tokens is refused", async () => {
    const file = join(root, "none");
    writeFileSync(file, "# nothing\n\n");
    expect((await veduta(["serve", "--token-file", file])).err).toMatch(/got no token, want one a line/);
  });
});
