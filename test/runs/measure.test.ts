/** Folders of pictures measured: what is found, computed once, paired, and refused. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NETWORK_NAMES } from "#kernel-lib/cli/measure.js";
import { encodePng } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { measureCsv, measurePage, measureRows } from "#kernel-lib/pages/measure-page.js";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { METRIC_NETWORKS } from "#kernel-lib/pipelines/metric-networks.js";
import { FEATURES_DIR } from "#kernel-lib/runs/measure/feature-cache.js";
import { findPictures } from "#kernel-lib/runs/measure/found-pictures.js";
import { measureFolders } from "#kernel-lib/runs/measure/measure-folders.js";
import { paintedRun } from "../fixtures/painted-run.js";

const root = mkdtempSync(join(tmpdir(), "veduta-measure-"));
const at = (...names: string[]) => join(root, ...names);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** 12×36 pixels around a brightness. */
const picture = (brightness: number, seed: number): Tensor => {
  const rng = createRng(seed);
  return { data: Float32Array.from({ length: 3 * 12 * 36 }, () => brightness + 0.1 * rng.uniform()), shape: [1, 3, 12, 36] };
};
let looked = 0;
/** A network that sees the mean and the spread of a crop. */
const network = {
  name: "mean",
  title: "means",
  prefix: "mean-",
  async features({ data, shape }: Tensor) {
    looked++;
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const spread = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
    return [{ data: Float32Array.of(mean, 10 * spread), shape: [shape[0], 2] }];
  },
};

beforeAll(async () => {
  for (const [name, brightness] of [
    ["dark", 0.1],
    ["bright", 0.7],
  ] as const) {
    mkdirSync(at(name));
    for (let k = 0; k < 5; k++) writeFileSync(at(name, `p${k}.png`), await encodePng(picture(brightness + 0.02 * k, k)));
  }
  writeFileSync(at("bright", "extra.png"), await encodePng(picture(0.5, 9)));
  mkdirSync(at("empty"));
  await saveRun(at("runs", "one"), paintedRun({ steps: 2, prompt: "hills" }));
});

describe("measureFolders", () => {
  test("compares a set with the reference, and each picture with its like, and looks at no crop twice", async () => {
    looked = 0;
    const options = { dirs: [at("dark"), at("bright")], against: at("dark"), networks: [network] };
    const first = await measureFolders(options);
    expect(looked).toBe(3 * (5 + 6)); // three crops of each picture
    const again = await measureFolders(options);
    expect(looked).toBe(3 * (5 + 6));
    expect(again).toEqual(first);
    expect(existsSync(at("bright", FEATURES_DIR, "mean-height.safetensors"))).toBe(true);
    const [dark, bright] = first.folders;
    expect(dark.columns["mean-fid"].value.mean).toBeLessThan(1e-6);
    expect(bright.columns["mean-fid"].value).toMatchObject({ count: 6 });
    expect(bright.columns["mean-fid"].value.mean).toBeGreaterThan(0.5);
    expect(bright.columns["mean-giqa"].difference).toMatchObject({ count: 5 }); // extra.png has no partner
    expect(bright.columns["mean-giqa"].difference?.probability).toBe(2 / 2 ** 5);
    expect(dark.columns["mean-giqa"].difference).toBeUndefined();
    expect(dark.columns).not.toHaveProperty("mean-omni-fid"); // no full spheres
  });

  test("looks again at a picture that has changed", async () => {
    looked = 0;
    writeFileSync(at("bright", "extra.png"), await encodePng(picture(0.4, 10)));
    await measureFolders({ dirs: [at("bright")], against: at("dark"), networks: [network] });
    expect(looked).toBe(3);
  });

  test("only the metrics that were asked for, and without a reference none that needs one", async () => {
    const { columns } = await measureFolders({ dirs: [at("dark")], against: at("dark"), networks: [network], metrics: ["mean-kid"] });
    expect(columns.map(({ name }) => name)).toEqual(["mean-kid"]);
    await expect(measureFolders({ dirs: [at("dark")], networks: [network], metrics: ["mean-kid"] })).rejects.toThrow(
      /metric mean-kid, want some of .*discontinuity.*need a reference/,
    );
  });

  test("a metric that applies to no picture is refused, and says what it wants", async () => {
    const one = measureFolders({ dirs: [at("dark")], networks: [network], metrics: ["seam-ssim"] });
    await expect(one).rejects.toThrow(/seam-ssim applies to none of these pictures.*closed runs/);
  });

  test("fewer reference crops than GIQA's neighbours leave GIQA out, and the rest in", async () => {
    mkdirSync(at("few"));
    for (const k of [0, 1]) writeFileSync(at("few", `p${k}.png`), await encodePng(picture(0.3 + 0.1 * k, k)));
    const { folders } = await measureFolders({ dirs: [at("dark")], against: at("few"), networks: [network] });
    expect(Object.keys(folders[0].columns)).toEqual(["mean-fid", "mean-kid"]);
  });

  test("features of a network with other weights are computed anew", async () => {
    await measureFolders({ dirs: [at("dark")], against: at("dark"), networks: [network] });
    looked = 0;
    await measureFolders({ dirs: [at("dark")], against: at("dark"), networks: [{ ...network, name: "mean-other" }] });
    expect(looked).toBe(15);
  });

  test("a folder in which nothing can be kept is refused before anything is computed", async () => {
    mkdirSync(at("locked"));
    writeFileSync(at("locked", "p.png"), await encodePng(picture(0.2, 1)));
    writeFileSync(at("locked", FEATURES_DIR), "a file where the folder should be");
    looked = 0;
    const run = measureFolders({ dirs: [at("locked")], against: at("dark"), networks: [network], metrics: ["mean-giqa"] });
    await expect(run).rejects.toThrow(/locked: expected a folder in which features can be kept/);
    expect(looked).toBe(0);
  });

  test("a stop ends it, and the features so far are kept", async () => {
    const stop = new AbortController();
    rmSync(at("dark", FEATURES_DIR), { recursive: true });
    const run = measureFolders({
      dirs: [at("dark")],
      against: at("dark"),
      networks: [network],
      signal: stop.signal,
      progress: () => stop.abort(),
    });
    await expect(run).rejects.toThrow();
    expect(existsSync(at("dark", FEATURES_DIR, "mean-height.safetensors"))).toBe(true);
  });

  test("refuses no folder, a folder without pictures, and one that is not there", async () => {
    await expect(measureFolders({ dirs: [], networks: [] })).rejects.toThrow(/at least one/);
    await expect(measureFolders({ dirs: [at("empty")], networks: [] })).rejects.toThrow(/empty: expected PNG, JPEG or WebP pictures/);
    await expect(measureFolders({ dirs: [at("none")], networks: [] })).rejects.toThrow(/none: .*no such folder/);
  });
});

test("runs are found with their prompt and seed, in their own folder and in the one above", () => {
  const [own] = findPictures(at("runs", "one"));
  expect(findPictures(at("runs"))).toEqual([own]);
  expect(own).toMatchObject({ prompt: "hills", key: expect.stringMatching(/^hills, seed \d+$/) });
});

test("rows, CSV and page say n and interval, and escape names", async () => {
  mkdirSync(at("a,<b>"));
  for (const k of [0, 1]) writeFileSync(at("a,<b>", `p${k}.png`), await encodePng(picture(0.3, k)));
  const measured = await measureFolders({ dirs: [at("dark"), at("a,<b>")], against: at("dark"), networks: [network] });
  expect(measureRows(measured).find(({ metric }) => metric === "mean-giqa")?.[at("dark")]).toMatch(/ to .*n = 5$/);
  const [head, first] = measureCsv(measured).split("\n");
  expect(head).toBe("folder,file,key,mean-giqa");
  expect(first).toMatch(/p0\.png,p0\.png,\d/);
  expect(measureCsv(measured)).toContain(`"${at("a,<b>")}"`);
  const page = measurePage({ measured, command: "veduta measure", pictures: [[], []] });
  expect(page).toContain("a,&lt;b&gt;");
  expect(page).not.toContain("a,<b>");
});

test("the command knows the networks that there are", () => expect([...NETWORK_NAMES].sort()).toEqual([...METRIC_NETWORKS].sort()));
