import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { maskPng, readMask } from "#kernel-lib/conditions/mask-file.js";
import { regionsOfWords, regionWord } from "#kernel-lib/conditions/region-words.js";
import { atLatentSize, type Feathering, type Region, regionMasks } from "#kernel-lib/conditions/regions.js";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { type Tensor, tensor } from "#kernel-lib/core/tensor.js";

const root = mkdtempSync(join(tmpdir(), "veduta-regions-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const OPEN = { x: false, y: false };
const sharp: Feathering = { width: 0, around: OPEN };
const row = ({ data, shape }: Tensor, y = 0): number[] => [...data.slice(y * shape[3], (y + 1) * shape[3])];
const boxed = (...box: [number, number, number, number]): Region => ({ prompt: "sea", box });
const mask = (height: number, width: number, value: (x: number, y: number) => number): Tensor =>
  tensor(
    Float32Array.from({ length: height * width }, (_, k) => value(k % width, Math.floor(k / width))),
    [1, 1, height, width],
  );
/** The largest distance of two lists of numbers. */
const apart = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((x, k) => Math.abs(x - b[k])));

describe("masks of regions", () => {
  test("a box covers its share of every latent pixel, and an edge on a border leaves nothing beside it", () => {
    const of = (...box: [number, number, number, number]) => regionMasks([boxed(...box)], { height: 2, width: 10 }, sharp).masks[0];
    expect(row(of(0.1, 0, 0.3, 1))).toEqual([0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect(apart(row(of(0.25, 0, 0.5, 1)), [0, 0, 0.5, 1, 1, 1, 1, 0.5, 0, 0])).toBeLessThan(1e-6);
    expect([row(of(0, 0.5, 1, 0.5), 0), row(of(0, 0.5, 1, 0.5), 1)]).toEqual([Array(10).fill(0), Array(10).fill(1)]);
    expect(apart(row(of(0, 0, 0.1, 0.25)), [0.5, ...Array(9).fill(0)])).toBeLessThan(1e-6);
  });

  test("a mask of pixels becomes the mean over each latent pixel; one at the latent's size stays", () => {
    const picture = { height: 1, width: 3, scaleFactor: 2 };
    const [{ mask: reduced }] = atLatentSize([{ prompt: "sea", mask: mask(2, 6, (x, y) => (x < 3 ? 1 : y)) }], picture);
    expect(reduced).toEqual(tensor([1, 0.75, 0.5], [1, 1, 1, 3]));
    const small = mask(1, 3, (x) => x / 2);
    expect(atLatentSize([{ prompt: "sea", mask: small }], picture)[0].mask).toBe(small);
  });

  test("the background is what regions leave, at least 0: nothing where they add up to 1, and where they overlap", () => {
    const { background } = regionMasks(
      [boxed(0, 0, 0.3, 1), boxed(0.3, 0, 0.3, 1), boxed(0.4, 0, 0.2, 1)],
      { height: 1, width: 10 },
      sharp,
    );
    expect(row(background)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    const thirds = [0, 1, 2].map((k) => boxed(k / 3, 0, 1 / 3, 1));
    expect(row(regionMasks(thirds, { height: 1, width: 64 }, sharp).background)).toEqual(Array(64).fill(0));
  });

  test("feathering makes a straight edge a linear ramp as wide as it says, and regions that share the picture still do", () => {
    const extent = { height: 3, width: 12 };
    const { masks, background } = regionMasks([boxed(0, 0, 0.5, 1), boxed(0.5, 0, 0.5, 1)], extent, { width: 4, around: OPEN });
    for (const y of [0, 1, 2]) expect(apart(row(masks[0], y), [1, 1, 1, 1, 7 / 8, 5 / 8, 3 / 8, 1 / 8, 0, 0, 0, 0])).toBeLessThan(1e-6);
    expect(
      apart(
        row(masks[0]).map((x, k) => x + row(masks[1])[k]),
        Array(12).fill(1),
      ),
    ).toBeLessThan(1e-6);
    expect(row(background)).toEqual(Array(12).fill(0));
    const narrow = regionMasks([boxed(0.25, 0, 0.5, 1)], extent, { width: 1, around: OPEN }).masks[0];
    expect(narrow).toEqual(regionMasks([boxed(0.25, 0, 0.5, 1)], extent, sharp).masks[0]);
  });

  test("feathering goes around where the picture does, and keeps its last value at other edges", () => {
    const extent = { height: 1, width: 8 };
    const ring = regionMasks([boxed(0, 0, 0.5, 1)], extent, { width: 2, around: { x: true, y: false } }).masks[0];
    expect(apart(row(ring), [0.75, 1, 1, 0.75, 0.25, 0, 0, 0.25])).toBeLessThan(1e-6);
    const tile = regionMasks([boxed(0, 0, 1, 0.5)], { height: 4, width: 1 }, { width: 2, around: { x: false, y: true } }).masks[0];
    expect(apart([...tile.data], [0.75, 0.75, 0.25, 0.25])).toBeLessThan(1e-6);
    const strip = regionMasks([boxed(0, 0, 0.5, 1)], extent, { width: 2, around: OPEN }).masks[0];
    expect(apart(row(strip), [1, 1, 1, 0.75, 0.25, 0, 0, 0])).toBeLessThan(1e-6);
  });
});

describe("regions in words", () => {
  test("have a box or a mask's file, and a negative prompt if they say one", async () => {
    const file = join(root, "sea.png");
    writeFileSync(file, await maskPng(mask(2, 3, (x) => x / 2)));
    const regions = await regionsOfWords(["sea at noon = 0.5,0, 0.5,1", `hills=${file}=fog`, "city=0,0,1,1="]);
    expect(regions).toEqual([
      { prompt: "sea at noon", box: [0.5, 0, 0.5, 1] },
      { prompt: "hills", negativePrompt: "fog", mask: mask(2, 3, (x) => Math.fround(Math.round((255 * x) / 2) / 255)) },
      { prompt: "city", negativePrompt: "", box: [0, 0, 1, 1] },
    ]);
    expect(regions.map(regionWord)).toEqual(["sea at noon=0.5,0,0.5,1", "hills=regions/2.png=fog", "city=0,0,1,1="]);
  });

  test.each(["sea", "=0,0,1,1", "sea=", "sea=a=b=c"])("refuse %j with an example", async (word) => {
    await expect(regionsOfWords([word])).rejects.toThrow(/^got ".*", want PROMPT=x,y,width,height .* such as "sea at noon=0.5,0,0.5,1"$/);
  });

  test("refuse three numbers, and a file that is not there", async () => {
    await expect(regionsOfWords(["sea=0,0,1"])).rejects.toThrow('got "sea=0,0,1" with 3 numbers, want x,y,width,height');
    await expect(regionsOfWords([`sea=${join(root, "none.png")}`])).rejects.toThrow(CheckpointError);
  });

  test("a mask's file is its brightness; what is transparent is no part of it", async () => {
    const { default: draw } = await import("sharp");
    const png = await draw(Buffer.from([255, 255, 255, 255, 255, 255, 255, 0, 255, 0, 0, 255]), {
      raw: { width: 3, height: 1, channels: 4 },
    })
      .png()
      .toBuffer();
    expect(apart([...(await readMask(png)).data], [1, 0, 1 / 3])).toBeLessThan(1e-6);
  });
});
