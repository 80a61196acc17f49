/** Conditions of ControlNets: edges, horizons, silhouettes; their intervals, and how they are stretched. */
import { describe, expect, test } from "vitest";
import { canny } from "#kernel-lib/conditions/canny.js";
import { isUsedAt, resolveControls } from "#kernel-lib/conditions/control.js";
import { controlsOfWords, controlWord } from "#kernel-lib/conditions/control-words.js";
import { horizon, horizonOf } from "#kernel-lib/conditions/horizon.js";
import { qrCode } from "#kernel-lib/conditions/qr-code.js";
import { segments } from "#kernel-lib/conditions/segments.js";
import { silhouette, silhouetteOf } from "#kernel-lib/conditions/silhouette.js";
import { resizeLanczos } from "#kernel-lib/core/lanczos.js";
import { type Tensor, tensor } from "#kernel-lib/core/tensor.js";
import { rollColumns } from "#kernel-lib/methods/joint/fuse.js";

const [H, W] = [24, 32];
const grey = (value: (x: number, y: number) => number): Tensor =>
  tensor(
    Float32Array.from({ length: H * W }, (_, k) => value(k % W, Math.floor(k / W))),
    [1, 1, H, W],
  );
const columnsOf = ({ data }: Tensor, y: number) => [...data.subarray(y * W, (y + 1) * W)].flatMap((x, k) => (x > 0 ? [k] : []));

describe("canny", () => {
  test("finds an upright edge, a level one and a slanted one as lines of one pixel", () => {
    const upright = canny(grey((x) => (x < 10 ? 0 : 1)));
    for (let y = 0; y < H; y++) expect(columnsOf(upright, y)).toHaveLength(1);
    expect([9, 10]).toContain(columnsOf(upright, 3)[0]);
    const level = canny(grey((_, y) => (y < 12 ? 1 : 0)));
    expect([...level.data].reduce((a, b) => a + b)).toBe(W);
    const slanted = canny(grey((x, y) => (x > y + 3 ? 1 : 0)));
    for (let y = 2; y < H - 2; y++) expect(columnsOf(slanted, y).length).toBeLessThanOrEqual(2);
    expect(new Set(slanted.data)).toEqual(new Set([0, 1]));
  });
  test("keeps a weak edge where it touches a strong one, and drops it where it does not", () => {
    // a step of s has a gradient of 4·255·s
    const weak = (x: number, y: number) => (x < 16 ? 0 : y < 12 ? 0.15 : 0.6);
    expect(canny(grey(weak)).data[3 * W + columnsOf(canny(grey(weak)), 3)[0]]).toBe(1);
    expect(canny(grey((x) => (x < 16 ? 0 : 0.15))).data.every((x) => x === 0)).toBe(true);
    expect(
      canny(
        grey((x) => (x < 16 ? 0 : 0.05)),
        { low: 20, high: 30 },
      ).data.some((x) => x === 1),
    ).toBe(true);
  });
  test("of a picture that goes around rolls with it", () => {
    const round = grey((x, y) => ((x * 7 + y * 3) % 11) / 11);
    const rolled = rollColumns(round, 5);
    expect(canny(rolled, { edge: "wrap", blur: 1 })).toEqual(rollColumns(canny(round, { edge: "wrap", blur: 1 }), 5));
  });
  test("a picture of three equal channels has the edges of the grey one", () => {
    const one = grey((x, y) => 0.5 + 0.5 * Math.sin(0.9 * x + 0.4 * y * y));
    const three = tensor(
      Float32Array.from({ length: 3 * H * W }, (_, k) => one.data[k % (H * W)]),
      [1, 3, H, W],
    );
    expect(canny(three)).toEqual(canny(one));
  });
  test("refuses thresholds out of order", () =>
    expect(() =>
      canny(
        grey(() => 0),
        { low: 3, high: 2 },
      ),
    ).toThrow(/want 0 <= low <= high/));
});

describe("horizon and silhouette", () => {
  test("a level horizon is a level line, the silhouette all below it", () => {
    const line = horizon([0.5], { width: W, height: 25, line: 1 });
    for (let x = 0; x < W; x++) expect([...line.data].filter((value, k) => k % W === x && value > 0)).toHaveLength(1);
    expect(line.data[12 * W]).toBe(1);
    const below = silhouette([0.5], { width: W, height: 25 });
    expect([...below.data].reduce((a, b) => a + b)).toBe(13 * W);
  });
  test("a ring's horizon rolls with its points", () => {
    const size = { width: W, height: H, edge: "wrap" } as const;
    const points = [0.2, 0.8, 0.4, 0.6];
    const turned = [...points.slice(1), points[0]];
    expect(horizon(turned, size)).toEqual(rollColumns(horizon(points, size), -W / 4));
    expect(silhouette(turned, size)).toEqual(rollColumns(silhouette(points, size), -W / 4));
  });
  test("a steep line has no gaps: a column's piece touches its neighbour's", () => {
    const { data } = horizon([0, 1, 0], { width: W, height: H, line: 1 });
    for (let x = 1; x < W; x++) {
      const touches = Array.from({ length: H }, (_, y) => y).some(
        (y) => data[y * W + x] > 0 && [-1, 0, 1].some((by) => (data[(y + by) * W + x - 1] ?? 0) > 0),
      );
      expect(touches, `column ${x}`).toBe(true);
    }
  });
  test("of a picture are those that it was drawn by", () => {
    const ground = silhouette([0.3, 0.7], { width: W, height: H });
    expect(silhouetteOf(ground)).toEqual(ground);
    const found = horizonOf(ground);
    for (let x = 0; x < W; x++) {
      const top = Array.from({ length: H }, (_, y) => y).find((y) => ground.data[y * W + x] > 0) ?? H;
      expect(found.data[top * W + x]).toBe(1);
    }
  });
  test.each([[[]], [[1.2]], [[Number.NaN]]])("refuses the points %j", (points) =>
    expect(() => horizon(points, { width: 4, height: 4 })).toThrow(/want heights from 0/),
  );
});

describe("a control", () => {
  test("counts in the steps that lie wholly in its interval", () => {
    const used = (start: number, end: number, S: number) =>
      Array.from({ length: S }, (_, i) => i).filter((i) => isUsedAt({ scale: 1, start, end }, i, S));
    expect(used(0, 1, 4)).toEqual([0, 1, 2, 3]);
    expect(used(0.25, 0.75, 4)).toEqual([1, 2]);
    expect(used(0.2, 0.5, 5)).toEqual([1]);
    expect(used(0, 0, 5)).toEqual([]);
    expect(isUsedAt({ scale: 0, start: 0, end: 1 }, 0, 4)).toBe(false);
  });

  test("stretched keeps a plain colour, and a size that is right", () => {
    const plain = grey(() => 51 / 255);
    const [{ image }] = resolveControls("x", { image: plain, fit: "stretch" }, { height: 40, width: 20, controlNets: ["a"] });
    expect(image.shape).toEqual([1, 1, 40, 20]);
    for (const x of image.data) expect(x).toBeCloseTo(0.2, 6);
    const [same] = resolveControls("x", { image: plain, fit: "stretch" }, { height: H, width: W, controlNets: ["a"] });
    expect(same.image).toBe(plain);
  });

  test("Lanczos: the weights of an impulse are those of the filter, normalised", () => {
    // 8 to 16: the output's pixels lie 1/4 and 3/4 between those of the input
    const impulse = tensor([0, 0, 0, 0, 1, 0, 0, 0], [1, 1, 1, 8]);
    const { data } = resizeLanczos({ ...impulse, data: impulse.data.map((x) => x * 100) }, { height: 1, width: 16 }, "floats");
    const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
    const filter = (x: number) => sinc(x) * sinc(x / 3);
    const total = [-2.75, -1.75, -0.75, 0.25, 1.25, 2.25].reduce((sum, x) => sum + filter(x), 0);
    expect(data[8]).toBeCloseTo((100 * filter(0.25)) / total, 4);
    expect(data[9]).toBeCloseTo((100 * filter(0.25)) / total, 4);
    expect(data[10]).toBeCloseTo((100 * filter(0.75)) / total, 4);
  });

  test("in words: a file whose name has commas, and options in any order", async () => {
    const files: string[] = [];
    const decode = async (file: string) => {
      files.push(file);
      return grey((x) => (x < 10 ? 0 : 1));
    };
    const [one, two] = await controlsOfWords(["a,b=c.png,mode=guess,scale=0.5,net=1", "edges.png,kind=canny,end=0.75"], decode);
    expect(files).toEqual(["a,b=c.png", "edges.png"]);
    expect(one).toMatchObject({ mode: "guess", scale: 0.5, net: 1 });
    expect(two.end).toBe(0.75);
    expect(two.image).toEqual(canny(grey((x) => (x < 10 ? 0 : 1))));
    expect(controlWord(one, 0)).toBe("control/1.png,scale=0.5,mode=guess,net=1");
    await expect(controlsOfWords(["a.png,kind=depth"], decode)).rejects.toThrow(/kind=depth .*want one of raw, canny, horizon, silhouette/);
    await expect(controlsOfWords(["a.png,scale=much"], decode)).rejects.toThrow(/scale=much .*want a number/);
    await expect(controlsOfWords([",scale=1"], decode)).rejects.toThrow(/want a picture's file/);
  });
});

describe("segments", () => {
  const sky = [6, 230, 230].map((x) => Math.fround(x / 255));
  const sea = [9, 7, 230].map((x) => Math.fround(x / 255));
  const colour = ({ data, shape: [, , h, w] }: Tensor, x: number, y: number) => [0, 1, 2].map((c) => data[(c * h + y) * w + x]);
  test("cover one another from the farthest on, each below its upper edge", () => {
    const picture = segments([{ what: "sky" }, { what: "sea", below: [0.5] }], { width: W, height: H });
    expect(picture.shape).toEqual([1, 3, H, W]);
    const first = Array.from({ length: H }, (_, y) => y).find((y) => colour(picture, 5, y)[0] === sea[0]);
    expect(first).toBe(Math.round(0.5 * (H - 1)));
    expect([colour(picture, 0, 0), colour(picture, W - 1, H - 1)]).toEqual([sky, sea]);
  });
  test("refuse a name that has no colour", () =>
    expect(() => segments([{ what: "lava" as "sea" }], { width: W, height: H })).toThrow(/got "lava", want one of building, /));
});

describe("a QR code", () => {
  test("is read again by the rules of its first version: its three corners, and a module for every so many pixels", () => {
    const { data, shape } = qrCode("veduta", { width: 200, height: 100 });
    expect(shape).toEqual([1, 1, 100, 200]);
    const side = 21 + 4; // version 1 at level H holds 7 bytes, and two modules of border on each side
    const size = Math.floor(100 / side);
    const [x0, y0] = [Math.floor((200 - size * side) / 2), Math.floor((100 - size * side) / 2)];
    const at = (column: number, row: number) => data[(y0 + size * (row + 2) + 1) * 200 + x0 + size * (column + 2) + 1];
    const finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];
    for (const [left, top] of [
      [0, 0],
      [14, 0],
      [0, 14],
    ])
      for (const [y, row] of finder.entries())
        for (const [x, dark] of [...row].entries()) expect(at(left + x, top + y)).toBe(1 - Number(dark));
    expect(data[0]).toBe(0.5);
  });
  test("stands where it is put, and is refused where it does not fit", () => {
    const left = qrCode("veduta", { width: 200, height: 100, module: 2, left: 0 });
    expect(left.data[50 * 200]).toBe(1); // its border
    expect(() => qrCode("veduta", { width: 20, height: 20 })).toThrow(/want room for 25 × 25 modules/);
    expect(() => qrCode("veduta", { width: 200, height: 100, left: 190 })).toThrow(RangeError);
  });
});
