/** What looks at the cut of a closed panorama. */
import { describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { rollColumns } from "#kernel-lib/methods/joint/fuse.js";
import { discontinuity } from "#kernel-lib/metrics/discontinuity.js";
import { measure } from "#kernel-lib/metrics/metrics.js";
import { seamSobel } from "#kernel-lib/metrics/seam-sobel.js";
import { seamSsim } from "#kernel-lib/metrics/seam-ssim.js";

const [HEIGHT, WIDTH] = [24, 96];
/** A closed picture of waves, and of some noise so that no place is flat. */
function closed(): Tensor {
  const rng = createRng(3);
  const grain = Array.from({ length: HEIGHT * WIDTH }, () => 0.05 * rng.uniform());
  const at = (y: number, x: number) => 0.5 + 0.2 * Math.sin((2 * Math.PI * 3 * x) / WIDTH + y / 5) + grain[y * WIDTH + x];
  const plane = Float32Array.from({ length: HEIGHT * WIDTH }, (_, k) => at(Math.floor(k / WIDTH), k % WIDTH));
  return { data: Float32Array.from([...plane, ...plane, ...plane]), shape: [1, 3, HEIGHT, WIDTH] };
}
/** The same picture, brighter in its right half and upside down there: it shows at the cut. */
const broken = (): Tensor => {
  const { data, shape } = closed();
  return {
    data: data.map((value, k) => {
      const [x, y, c] = [k % WIDTH, Math.floor(k / WIDTH) % HEIGHT, Math.floor(k / WIDTH / HEIGHT)];
      return x < WIDTH / 2 ? value : 0.3 + data[(c * HEIGHT + HEIGHT - 1 - y) * WIDTH + x];
    }),
    shape,
  };
};

describe.each([
  ["discontinuity", discontinuity, 1],
  ["seamSobel", seamSobel, 1],
  ["seamSsim", (panorama: Tensor) => -3 * seamSsim(panorama), 0],
] as const)("%s", (_, worse, even) => {
  test("finds a closed picture's cut like its inside, wherever it is cut", () => {
    for (const by of [0, 7, 31, 60]) expect(Math.abs(worse(rollColumns(closed(), by)) - even)).toBeLessThan(0.35);
  });

  test("finds a cut that shows, and not where the picture is whole", () => {
    expect(worse(broken()) - even).toBeGreaterThan(0.5);
    expect(Math.abs(worse(rollColumns(broken(), WIDTH / 4)) - even)).toBeLessThan(0.35);
  });
});

test("a grey picture's cut is like its inside", () => {
  const grey = { ...zeros([1, 3, HEIGHT, WIDTH]), data: new Float32Array(3 * HEIGHT * WIDTH).fill(0.5) };
  expect([discontinuity(grey), seamSobel(grey), seamSsim(grey)]).toEqual([expect.any(Number), 1, 0]);
});

test("measure looks at the cut of closed panoramas alone", async () => {
  expect(Object.keys(await measure(closed(), {}))).toEqual([]);
  expect(Object.keys(await measure(closed(), {}, { edge: "wrap" }))).toEqual(["discontinuity", "seam-sobel", "seam-ssim"]);
});

test.each([
  ["discontinuity", discontinuity, 5],
  ["seamSobel", seamSobel, 7],
  ["seamSsim", seamSsim, 43],
] as const)("%s refuses a picture that is too narrow", (name, measureIt, width) => {
  expect(() => measureIt(zeros([1, 3, 24, width]))).toThrow(new RegExp(`${name}.*at least`));
});
