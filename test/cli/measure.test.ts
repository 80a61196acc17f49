/** `veduta measure` and `veduta table paper` as commands: what they print, write and refuse, with the bundled judge. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CliDeps, PaintModel } from "#kernel-lib/cli/command.js";
import { encodePng } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { freshFolders, veduta } from "../fixtures/toy-cli.js";

const { root, fresh, remove } = freshFolders("cli-measure");
afterAll(remove);

/** 32×96 pixels: stripes of a width, around a brightness. */
const picture = (brightness: number, seed: number): Tensor => {
  const rng = createRng(seed);
  return {
    data: Float32Array.from({ length: 3 * 32 * 96 }, (_, k) => brightness + 0.2 * Math.sin(k / 5) + 0.1 * rng.uniform()),
    shape: [1, 3, 32, 96],
  };
};
const [dark, bright] = ["dark", "bright"].map((name) => join(root, name));
beforeAll(async () => {
  for (const [dir, brightness] of [
    [dark, 0.3],
    [bright, 0.6],
  ] as const) {
    mkdirSync(dir);
    for (let k = 0; k < 4; k++) writeFileSync(join(dir, `p${k}.png`), await encodePng(picture(brightness, k)));
  }
});

describe("veduta measure", () => {
  test("prints each metric's mean, interval and n, and the difference to the first folder", async () => {
    const { code, out } = await veduta(["measure", dark, bright, "--metrics", "window-spread,intra-lpips", "--device", "cpu"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^window-spread: .*\n {2}dark .*n = 4\n {2}bright .*n = 4\n +difference /m);
    expect(out).toMatch(/^intra-lpips: .* lower is better\n/m);
  });

  test("prints the same as JSON and CSV, and writes the page with both files", async () => {
    const dir = fresh();
    const words = ["measure", dark, bright, "--against", dark, "--metrics", "judge-kid,intra-lpips", "--device", "cpu", "--out", dir];
    const { code, out } = await veduta([...words, "--format", "json"]);
    expect(code).toBe(0);
    expect(readFileSync(join(dir, "measured.json"), "utf8")).toBe(out);
    expect(JSON.parse(out).folders.map(({ columns }: { columns: object }) => Object.keys(columns).sort())).toEqual(
      Array(2).fill(["intra-lpips", "judge-kid"]),
    );
    expect((await veduta([...words, "--format", "csv"])).out).toBe(readFileSync(join(dir, "measured.csv"), "utf8"));
    expect(readFileSync(join(dir, "index.html"), "utf8")).toContain("--metrics judge-kid,intra-lpips");
  });

  test.each([
    [["--metrics", "fid"], /metric fid, want some of /],
    [["--networks", "inceptoin"], /"inceptoin", want names out of inception/],
    [["--networks", "inception", "--metrics", "fid", "--against", "DARK"], /veduta models pull fid-inception/],
    [["--metrics", "judge-kid", "--against", "nowhere"], /nowhere: .*no such folder/],
  ])("refuses %j in a line, and writes nothing", async (wrong, message) => {
    const dir = fresh();
    const { code, out, err } = await veduta([
      "measure",
      dark,
      ...wrong.map((word) => (word === "DARK" ? dark : word)),
      "--device",
      "cpu",
      "--out",
      dir,
    ]);
    expect([code === 0, out, existsSync(dir)]).toEqual([false, "", false]);
    expect(err).toMatch(message);
  });
});

describe("veduta table paper, on the bundled model", () => {
  const open = (...question: Parameters<CliDeps["openModel"]>) => openModel<PaintModel>(...question);
  const words = (dir: string, prompts: string) => [
    "table",
    "paper",
    "--panoramas",
    "2",
    "--steps",
    "1",
    "--methods",
    "spot",
    "--prompts",
    prompts,
    "--device",
    "cpu",
    "--out",
    dir,
  ];

  test("paints each panorama once, and prints the table with n and interval in every cell; other settings are refused", async () => {
    const [dir, prompts] = [fresh(), join(root, "prompts.txt")];
    writeFileSync(prompts, "hills\n\n sea \n");
    const { code, out, err } = await veduta(words(dir, prompts), { open });
    expect(code).toBe(0);
    expect(readdirSync(join(dir, "pictures")).sort()).toEqual(["reference", "spot"]);
    expect(err.match(/of 8 pictures · /g)).toHaveLength(8);
    expect(out).toBe(readFileSync(join(dir, "table.md"), "utf8"));
    const [, , ...rows] = out.split("\n").filter((line) => line.startsWith("|"));
    const cells = rows.map((row) => row.split(" | ")[1]).filter((cell) => cell !== "–");
    expect(cells.length).toBeGreaterThan(1);
    for (const cell of cells) expect(cell).toMatch(/ to .*n = 4$/);
    expect(out).toContain("2 prompts, 2 panoramas of each, 1 step.");
    const again = await veduta(words(dir, prompts), { open });
    expect([again.out, /pictures ·/.test(again.err)]).toEqual([out, false]);
    writeFileSync(prompts, "sea\n");
    expect((await veduta(words(dir, prompts), { open })).err).toMatch(/settings\.json: expected the settings of this table/);
  });

  test("runs end to end on a random checkpoint with random networks, and says that its numbers mean nothing", async () => {
    const [dir, prompts, checkpoint] = [fresh(), join(root, "one.txt"), tinyCheckpoint()];
    writeFileSync(prompts, "hills\n");
    const model = ["--model", checkpoint.path, "--weights", "random"];
    const { code, out } = await veduta([...words(dir, prompts), ...model], { open });
    checkpoint.remove();
    expect(code).toBe(0);
    for (const column of ["FID", "KID", "Intra-Style-L", "CLIP score", "Intra-LPIPS"]) expect(out).toContain(`| ${column}`);
    expect(out).toContain("have random weights: these numbers mean nothing");
  }, 300_000);

  test("refuses a file without prompts", async () => {
    const empty = join(root, "empty.txt");
    writeFileSync(empty, "\n \n");
    const { code, err } = await veduta(words(fresh(), empty), { open });
    expect([code, err]).toEqual([2, expect.stringMatching(/empty\.txt: got no prompt, want one per line/)]);
  });
});
