/** @file A run without networks: a drawn panorama that closes, foreseen out of noise, with distances that fall. For pages and folders. */
import { createRng } from "#kernel-lib/core/random.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { planWindows } from "#kernel-lib/joint/windows.js";
import type { RunHead, RunStep } from "#kernel-lib/run.js";

export interface PaintedOptions {
  readonly prompt?: string;
  readonly negativePrompt?: string;
  readonly method?: "sync" | "multi";
  readonly width?: number;
  readonly height?: number;
  readonly steps?: number;
  readonly loop?: boolean;
  readonly stride?: number;
}

export interface PaintedRun extends RunHead {
  readonly steps: readonly RunStep[];
  readonly result: { readonly panorama: Tensor };
}

/** Ridges under an evening sky, [1,3,H,W] in [0,1]; left and right edge meet. */
export function landscape(width: number, height: number): Tensor {
  const image = zeros([1, 3, height, width]);
  const sky = [
    [0.2, 0.32, 0.52],
    [0.98, 0.74, 0.52],
  ];
  const ridges = [
    { base: 0.5, rise: 0.13, waves: [3, 7, 16], colour: [0.55, 0.53, 0.62] },
    { base: 0.62, rise: 0.11, waves: [2, 5, 13], colour: [0.36, 0.39, 0.5] },
    { base: 0.76, rise: 0.1, waves: [4, 9, 21], colour: [0.2, 0.25, 0.34] },
    { base: 0.9, rise: 0.07, waves: [3, 11, 27], colour: [0.1, 0.14, 0.19] },
  ];
  for (let x = 0; x < width; x++) {
    const turn = (x / width) * 2 * Math.PI;
    const tops = ridges.map(
      ({ base, rise, waves }, k) =>
        base - rise * waves.reduce((sum, n, i) => sum + Math.abs(Math.sin((turn * n) / 2 + k * 2 + i)) / (i + 1) / 1.8, 0),
    );
    for (let y = 0; y < height; y++) {
      const v = y / height;
      const sun = Math.exp(-(((turn - 3.6) * 2.2) ** 2) - ((v - 0.36) * 5) ** 2);
      for (let c = 0; c < 3; c++) {
        const air = sky[0][c] + (sky[1][c] - sky[0][c]) * Math.min(1, v * 1.7) + sun * [0.6, 0.45, 0.2][c];
        // Each ridge covers what is behind it, its skyline softened over a pixel.
        const colour = ridges.reduce((behind, { colour }, k) => {
          const share = Math.min(1, Math.max(0, (v - tops[k]) * height + 0.5));
          return behind + share * (colour[c] + (v - tops[k]) * 0.35 - behind);
        }, air);
        image.data[(c * height + y) * width + x] = Math.min(1, colour);
      }
    }
  }
  return image;
}

/** The run: window j's distance falls by a factor of about ten, faster near the anchor. */
export function paintedRun({
  prompt = "mountains in the evening",
  negativePrompt = "",
  method = "sync",
  width = 768,
  height = 128,
  steps = 50,
  loop = true,
  stride = 4,
}: PaintedOptions = {}): PaintedRun {
  const scaleFactor = 8;
  const panorama = landscape(width, height);
  const windows = planWindows({
    height: height / scaleFactor,
    width: width / scaleFactor,
    window: height / scaleFactor,
    stride,
    loop,
    scaleFactor,
  });
  const anchor = Math.floor((windows.length - (loop ? 3 : 0)) / 2);
  const rng = createRng(5);
  const blotches = Float32Array.from({ length: 3 * Math.ceil(height / 16) * Math.ceil(width / 16) }, () => 0.5 + 0.2 * rng.normal());
  const blotch = (k: number) => {
    const [x, y, c] = [(k % width) / 16, (Math.floor(k / width) % height) / 16, Math.floor(k / (width * height))];
    return blotches[(c * Math.ceil(height / 16) + Math.floor(y)) * Math.ceil(width / 16) + Math.floor(x)];
  };
  const away = (j: number) =>
    Math.min(Math.abs(j - anchor), loop ? windows.length - Math.abs(j - anchor) : Number.POSITIVE_INFINITY) / windows.length;
  const moods = windows.map((_, j) => 0.75 + 0.25 * Math.sin(j * 1.9));
  const records = Array.from({ length: steps }, (_, index): RunStep => {
    const left = 1 - (index + 1) / steps;
    const loss = (j: number) => (0.08 + 0.55 * left ** 1.6) * (0.25 + 1.5 * away(j)) * moods[j] * (1 + 0.08 * rng.normal());
    return {
      index,
      timestep: Math.round(1 + 980 * left),
      weight: method === "sync" ? 20 * 0.95 ** index : 0,
      anchor: method === "sync" ? anchor : -1,
      windows: windows.map((window, j) => ({
        ...window,
        ...(method === "sync" ? { loss: j === anchor ? 0 : loss(j), gradientNorm: j === anchor ? 0 : loss(j) / 9 } : {}),
      })),
      preview: async () => ({
        data: panorama.data.map((value, k) => Math.min(1, Math.max(0, value * (1 - left ** 2) + blotch(k) * left ** 2))),
        shape: panorama.shape,
      }),
    };
  });
  const shared = {
    prompt,
    negativePrompt,
    height,
    width,
    steps,
    guidanceScale: 7.5,
    window: height / scaleFactor,
    stride,
    seed: 7,
    loop,
    windows,
    batch: 8,
  };
  return {
    method,
    options: method === "sync" ? { ...shared, weight: 20, decay: 0.95, syncEvery: 1, syncSteps: steps, anchor } : shared,
    model: { name: "models/painted", digest: "sha256-0123456789abcdef", device: "cpu", threads: 2 },
    batch: { noise: 8, gradient: 8 },
    scaleFactor,
    steps: records,
    result: { panorama },
  } as PaintedRun;
}
