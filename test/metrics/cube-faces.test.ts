import { expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { CUBE_FACES, cubeFaces } from "#kernel-lib/metrics/cube-faces.js";
import { frechetDistance } from "#kernel-lib/metrics/frechet-distance.js";
import { omniFid } from "#kernel-lib/metrics/omni-fid.js";

const [HEIGHT, WIDTH, SIDE] = [256, 512, 32];
/** A sphere whose colour is its direction: red x, green y, blue z, from [-1,1] to [0,1]. */
const directions: Tensor = {
  shape: [1, 3, HEIGHT, WIDTH],
  data: Float32Array.from({ length: 3 * HEIGHT * WIDTH }, (_, k) => {
    const [x, y, c] = [k % WIDTH, Math.floor(k / WIDTH) % HEIGHT, Math.floor(k / WIDTH / HEIGHT)];
    const [heading, pitch] = [((x + 0.5) / WIDTH - 0.5) * 2 * Math.PI, (0.5 - (y + 0.5) / HEIGHT) * Math.PI];
    return 0.5 + 0.5 * [Math.cos(pitch) * Math.sin(heading), Math.sin(pitch), Math.cos(pitch) * Math.cos(heading)][c];
  }),
};

test("a face's pixels show the directions that lie behind them, and the six faces meet", () => {
  const faces = cubeFaces(directions, SIDE);
  const seen = (face: keyof typeof faces, row: number, column: number) =>
    [0, 1, 2].map((c) => 2 * faces[face].data[(c * SIDE + row) * SIDE + column] - 1);
  const middle = SIDE / 2;
  const want = { front: [0, 0, 1], right: [1, 0, 0], back: [0, 0, -1], left: [-1, 0, 0], up: [0, 1, 0], down: [0, -1, 0] };
  for (const face of CUBE_FACES)
    for (const [c, x] of seen(face, middle, middle).entries()) expect(Math.abs(x - want[face][c])).toBeLessThan(0.06);
  const near = (a: readonly number[], b: readonly number[]) => expect(Math.hypot(...a.map((x, c) => x - b[c]))).toBeLessThan(0.06);
  for (let k = 1; k < SIDE - 1; k++) {
    near(seen("front", k, SIDE - 1), seen("right", k, 0));
    near(seen("back", k, SIDE - 1), seen("left", k, 0));
    near(seen("up", SIDE - 1, k), seen("front", 0, k));
    near(seen("down", 0, k), seen("front", SIDE - 1, k));
  }
});

test("refuses a picture that is no full sphere", () => {
  expect(() => cubeFaces(zeros([1, 3, 4, 6]))).toThrow(/twice as wide as high/);
});

test("OmniFID of one set on all faces is its FID, and each pole counts as much as the four sides", () => {
  const [a, b] = [randn(createRng(1), [20, 5]), randn(createRng(2), [20, 5])];
  const faces = (set: Tensor) => ({ front: set, right: set, back: set, left: set, up: set, down: set });
  expect(omniFid(faces(a), faces(b))).toBeCloseTo(frechetDistance(a, b), 9);
  expect(omniFid({ ...faces(a), up: b }, faces(a))).toBeCloseTo(frechetDistance(a, b) / 3, 5);
  expect(omniFid({ ...faces(a), left: b }, faces(a))).toBeCloseTo(frechetDistance(a, b) / 12, 5);
});
