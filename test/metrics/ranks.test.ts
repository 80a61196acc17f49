/** What each metric says of a grey panorama, a repeated window, and shuffled windows: docs/metrics.md, "What is not seen". */
import { expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { intraLpips } from "#kernel-lib/metrics/intra-lpips.js";
import { windowSpread } from "#kernel-lib/metrics/window-spread.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { landscape } from "../fixtures/painted-run.js";

const SIDE = 64;
/** Pictures of one window side by side: [1,3,SIDE,SIDE·n]. */
function beside(windows: readonly Tensor[]): Tensor {
  const width = SIDE * windows.length;
  const data = Float32Array.from({ length: 3 * SIDE * width }, (_, at) => {
    const [row, x] = [Math.floor(at / width), at % width];
    return windows[Math.floor(x / SIDE)].data[row * SIDE + (x % SIDE)];
  });
  return { data, shape: [1, 3, SIDE, width] };
}

test("a repeated window and a grey panorama have the best Intra-LPIPS; the spread inside windows tells the grey one", async () => {
  const model = await openModel(undefined, { device: "cpu", threads: 2 });
  const scene = landscape(SIDE, SIDE);
  const tinted = [0.2, 0.5, 0.8].map((tint) => ({
    ...scene,
    data: scene.data.map((x, k) => Math.min(1, Math.max(0, x * (0.4 + tint * ((k >> 12) % 3 === 0 ? 1.4 : 0.6))))),
  }));
  const grey = { ...scene, data: scene.data.map(() => 0.5) };
  const panoramas = { grey: beside([grey, grey, grey]), repeated: beside([scene, scene, scene]), different: beside(tinted) };
  const shuffled = beside([tinted[2], tinted[0], tinted[1]]);
  const agreement = async (panorama: Tensor) => intraLpips(panorama, model);
  expect(await agreement(panoramas.grey)).toBeLessThan(1e-6);
  expect(await agreement(panoramas.repeated)).toBeLessThan(1e-6);
  expect(await agreement(panoramas.different)).toBeGreaterThan(0.01);
  expect(await agreement(shuffled)).toBeCloseTo(await agreement(panoramas.different), 6); // the order of windows is not seen
  expect(await windowSpread(panoramas.grey, model)).toBeLessThan(0.5 * (await windowSpread(panoramas.repeated, model)));
  await model.close();
});
