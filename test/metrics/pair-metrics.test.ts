import fc from "fast-check";
import { l2, measurePair, pairMetrics, psnr, registerPairMetric, ssim, structure } from "veduta/metrics";
import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { createRng } from "#kernel-lib/core/random.js";
import { stack, type Tensor } from "#kernel-lib/core/tensor.js";

/** Pixels evenly drawn from [low,high]. */
const noise = (seed: number, shape = [1, 3, 13, 15], [low, high] = [0, 1]): Tensor => {
  const rng = createRng(seed);
  return { data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => low + (high - low) * rng.uniform()), shape };
};
const flat = (value: number, shape = [1, 3, 12, 12]): Tensor => ({
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
  shape,
});
const map = ({ data, shape }: Tensor, f: (x: number, k: number) => number): Tensor => ({ data: data.map(f), shape });

/** SSIM as its formula says, window by window, on numbers of a range of 255. */
function slowSsim(a: Tensor, b: Tensor): number {
  const [, , height, width] = a.shape;
  const weights = Array.from({ length: 121 }, (_, k) => Math.exp(-((Math.floor(k / 11) - 5) ** 2 + ((k % 11) - 5) ** 2) / (2 * 1.5 ** 2)));
  const total = weights.reduce((p, q) => p + q);
  const values: number[] = [];
  for (let c = 0; c < 3; c++)
    for (let top = 0; top + 11 <= height; top++)
      for (let left = 0; left + 11 <= width; left++) {
        const mean = (f: (x: number, y: number) => number) =>
          weights.reduce((sum, w, k) => {
            const at = (c * height + top + Math.floor(k / 11)) * width + left + (k % 11);
            return sum + w * f(255 * a.data[at], 255 * b.data[at]);
          }, 0) / total;
        const [mx, my] = [mean((x) => x), mean((_, y) => y)];
        const [vx, vy, cov] = [mean((x) => (x - mx) ** 2), mean((_, y) => (y - my) ** 2), mean((x, y) => (x - mx) * (y - my))];
        const [c1, c2] = [2.55 ** 2, 7.65 ** 2];
        values.push(((2 * mx * my + c1) * (2 * cov + c2)) / ((mx ** 2 + my ** 2 + c1) * (vx + vy + c2)));
      }
  return values.reduce((p, q) => p + q) / values.length;
}

describe("PSNR", () => {
  test("is 10·log10(1/mse), and 100 of equal pictures", () => {
    expect(psnr(flat(0.25), flat(0.75))[0]).toBeCloseTo(10 * Math.log10(4), 10);
    expect(psnr(noise(1), noise(1))).toEqual([100]);
  });
});

describe("L2", () => {
  test("is the length of the difference over all pixels and channels", () =>
    expect(l2(flat(0.25), flat(0.75))[0]).toBeCloseTo(0.5 * Math.sqrt(3 * 144), 10));
});

describe("SSIM", () => {
  test("is the formula's value, window by window, and does not depend on the order", () => {
    const [a, b] = [noise(1), noise(2)];
    expect(ssim(a, b)[0]).toBeCloseTo(slowSsim(a, b), 10);
    expect(ssim(b, a)[0]).toBeCloseTo(ssim(a, b)[0], 12);
  });

  test("of flat pictures is the ratio of their lights", () => {
    const c1 = 0.01 ** 2;
    expect(ssim(flat(0.25), flat(0.5))[0]).toBeCloseTo((2 * 0.25 * 0.5 + c1) / (0.25 ** 2 + 0.5 ** 2 + c1), 10);
  });

  test("is 1 of equal pictures and negative of a picture and its negative", () => {
    expect(ssim(noise(3), noise(3))[0]).toBeCloseTo(1, 12);
    expect(
      ssim(
        noise(3),
        map(noise(3), (x) => 1 - x),
      )[0],
    ).toBeLessThan(0);
  });
});

describe("structure", () => {
  test("does not see a channel's gain and offset, which PSNR and SSIM do", () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.2, max: 0.9, noNaN: true }), { minLength: 3, maxLength: 3 }), (gains) => {
        const source = noise(4);
        const plane = 13 * 15;
        const edited = map(source, (x, k) => gains[Math.floor(k / plane)] * x + 0.05);
        expect(structure(source, edited)[0]).toBeCloseTo(1, 5);
        expect(ssim(source, edited)[0]).toBeLessThan(0.999);
      }),
      { numRuns: 20 },
    ));

  test("is SSIM itself of pictures whose channels are spread evenly over their range", () => {
    const spread = (step: number) => map(flat(0, [1, 3, 40, 40]), (_, k) => ((k * step) % 1600) / 1599); // each value once in each channel
    for (const step of [41, 77, 1599]) expect(structure(spread(1), spread(step))[0]).toBeCloseTo(ssim(spread(1), spread(step))[0], 3);
  });

  test("is small of unrelated pictures, and negative of a picture and its negative", () => {
    const [a, b] = [noise(5, [1, 3, 64, 64]), noise(6, [1, 3, 64, 64])];
    expect(Math.abs(structure(a, b)[0])).toBeLessThan(0.02);
    const negative = map(a, (x) => 1 - x);
    expect(structure(a, negative)[0]).toBeLessThan(-0.9);
  });

  test("leaves what is flat but for rounding flat", () => {
    const rounding = map(flat(0.5), (x, k) => x + 1e-7 * (k % 2));
    expect(structure(flat(0.2), rounding)[0]).toBeGreaterThan(0.99);
  });
});

describe("metrics of pairs", () => {
  test("give a number for each edited picture, of one source or of as many", async () => {
    const [a, b] = [noise(1), noise(2)];
    const each = await measurePair(stack([a, b]), stack([b, b]));
    const one = await measurePair(b, stack([a, b]));
    for (const { name } of pairMetrics()) {
      expect(each[name]).toHaveLength(2);
      expect(one[name][1]).toBe(each[name][1]);
      expect(one[name][0]).toBeCloseTo(each[name][0], 12); // all four are symmetric
    }
    expect(Object.keys(one)).toEqual(["psnr", "ssim", "l2", "structure"]);
  });

  test("clamp what a decoder overshoots", async () => {
    const wild = noise(7, undefined, [-0.3, 1.3]);
    const tame = map(wild, (x) => Math.min(1, Math.max(0, x)));
    expect(await measurePair(noise(1), wild)).toEqual(await measurePair(noise(1), tame));
  });

  test("refuse pictures that do not fit each other, of another range, or smaller than SSIM's window", () => {
    expect(() => psnr(noise(1), noise(1, [1, 3, 13, 16]))).toThrow(ShapeError);
    expect(() => psnr(noise(1, [2, 3, 13, 15]), noise(1, [3, 3, 13, 15]))).toThrow(
      "psnr: source: got [2,3,13,15], want [3,3,13,15]; give one source, or as many as there are edited pictures",
    );
    expect(() => l2(noise(1), noise(1, [1, 4, 13, 15]))).toThrow(ShapeError);
    expect(() => l2(noise(1), noise(1, undefined, [-1, 1]))).toThrow(/l2: edited: got the value -.*, want pictures in \[0,1\]/);
    expect(() =>
      ssim(
        map(noise(1), (x) => 255 * x),
        noise(1),
      ),
    ).toThrow(RangeError);
    expect(() =>
      ssim(
        noise(1),
        map(noise(1), () => Number.NaN),
      ),
    ).toThrow("ssim: edited: got the value NaN");
    expect(() => structure(flat(0, [1, 3, 10, 20]), flat(0, [1, 3, 10, 20]))).toThrow(
      "structure: pictures of 10×20 px; want at least 11 px",
    );
  });

  test("a registered one is measured where the model has what it needs; its name is taken from then on", async () => {
    const shift = {
      name: "shift",
      title: "Shift",
      source: "this test",
      better: "lower",
      needs: ["weigh"],
      measure: async (source: Tensor, edited: Tensor, { weigh }: { readonly weigh: (x: number) => number }) => [
        weigh(edited.data[0] - source.data[0]),
      ],
    } as const;
    registerPairMetric(shift);
    expect(pairMetrics().map(({ name }) => name)).toEqual(["psnr", "ssim", "l2", "structure", "shift"]);
    expect(await measurePair(flat(0.25), flat(0.5), { weigh: (x: number) => 2 * x })).toMatchObject({ shift: [0.5] });
    expect(await measurePair(flat(0.25), flat(0.5))).not.toHaveProperty("shift");
    expect(() => registerPairMetric(shift)).toThrow("registerPairMetric: the name shift is taken");
  });
});
