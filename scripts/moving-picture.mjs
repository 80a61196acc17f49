/**
 * @file `npm run moving-picture -- RUN OUT.webp`: the README's moving picture out of a run's folder. The strip as each step foresees it, then a turn
 * around the finished panorama. A run whose every step's picture was kept (`--foreseen 1`) is needed.
 */
import { join } from "node:path";
import sharp from "sharp";
import { decodeImage, openRun } from "veduta";
import { radians } from "#kernel-lib/panorama/angles.js";
import { planePoint } from "#kernel-lib/panorama/plane.js";
import { ruleOf } from "#kernel-lib/panorama/projections.js";

const [WIDTH, HEIGHT] = [640, 256];
const BACKGROUND = [18, 20, 26];
/** Milliseconds per frame, and of the strip's last one. */
const DELAY = { strip: 110, last: 900, turn: 70 };
const MOST_STRIPS = 25;
const TURN_FRAMES = 60;
/** Vertical degrees of the turning view: a little less than a strip of six windows covers. */
const FOV = 46;

const [dir, out] = process.argv.slice(2);
if (!dir || !out) {
  console.error("moving-picture: got too few words, want npm run moving-picture -- RUN OUT.webp");
  process.exit(2);
}
const run = await openRun(dir);
if (!run.panorama || run.foreseen.length === 0) {
  console.error(
    `moving-picture: ${dir} has no ${run.panorama ? "pictures of its steps" : "panorama"}; paint it to its end with --foreseen 1`,
  );
  process.exit(2);
}

/** @param {Uint8Array} frame @param {import("veduta").Tensor} image [1,3,H,W] in [0,1] */
function drawStrip(frame, { data, shape: [, , H, W] }) {
  const top = Math.round((HEIGHT - (H * WIDTH) / W) / 2);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const v = (y - top) * (W / WIDTH);
      if (v < 0 || v >= H) continue;
      sample(frame, y * WIDTH + x, { data, H, W }, (x * W) / WIDTH, v, false);
    }
}

/** @param {Uint8Array} frame @param {import("veduta").Tensor} image @param {number} heading degrees */
function drawView(frame, { data, shape: [, , H, W] }, heading) {
  const { scale, ray } = ruleOf("perspective");
  const reach = scale(radians(FOV));
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const at = /** @type {const} */ ([((2 * x + 1 - WIDTH) / HEIGHT) * reach, ((HEIGHT - 2 * y - 1) / HEIGHT) * reach]);
      const [dx, dy, dz] = ray?.(at) ?? [0, 0, 1];
      const look = { heading: heading + (Math.atan2(dx, dz) * 180) / Math.PI, pitch: (Math.atan2(dy, Math.hypot(dx, dz)) * 180) / Math.PI };
      const [u, v] = planePoint(run.info.coverage, look);
      if (v >= 0 && v < 1) sample(frame, y * WIDTH + x, { data, H, W }, u * W - 0.5, v * H - 0.5, true);
    }
}

/**
 * Bilinear, around the right edge where `wrap`.
 * @param {Uint8Array} frame @param {number} pixel @param {{ data: Float32Array, H: number, W: number }} image
 * @param {number} x @param {number} y @param {boolean} wrap
 */
function sample(frame, pixel, { data, H, W }, x, y, wrap) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const column = (/** @type {number} */ k) => (wrap ? ((k % W) + W) % W : Math.min(W - 1, Math.max(0, k)));
  const row = (/** @type {number} */ k) => Math.min(H - 1, Math.max(0, k));
  for (let c = 0; c < 3; c++) {
    const value = (/** @type {number} */ dx, /** @type {number} */ dy) => data[(c * H + row(top + dy)) * W + column(left + dx)];
    const [a, b] = [x - left, y - top];
    const mixed = (1 - b) * ((1 - a) * value(0, 0) + a * value(1, 0)) + b * ((1 - a) * value(0, 1) + a * value(1, 1));
    frame[3 * pixel + c] = Math.round(255 * Math.min(1, Math.max(0, mixed)));
  }
}

/** @param {(frame: Uint8Array) => void} draw */
function frameOf(draw) {
  const frame = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, k) => BACKGROUND[k % 3]);
  draw(frame);
  return frame;
}

const every = Math.ceil(run.foreseen.length / MOST_STRIPS);
const strips = await Promise.all(run.foreseen.filter((_, k) => k % every === 0).map(({ file }) => decodeImage(file)));
const { panorama } = run;
const frames = [
  ...[...strips, panorama].map((image) => frameOf((frame) => drawStrip(frame, image))),
  ...Array.from({ length: TURN_FRAMES }, (_, k) => frameOf((frame) => drawView(frame, panorama, (360 * k) / TURN_FRAMES))),
];
const delay = frames.map((_, k) => (k < strips.length ? DELAY.strip : k === strips.length ? DELAY.last : DELAY.turn));
const raw = { width: WIDTH, height: HEIGHT * frames.length, channels: /** @type {const} */ (3), pageHeight: HEIGHT };
const { size } = await sharp(Buffer.concat(frames), { raw, limitInputPixels: false })
  .webp({ quality: 62, effort: 5, loop: 0, delay })
  .toFile(join(process.cwd(), out));
console.log(`${out}: ${frames.length} frames, ${(size / 1e6).toFixed(2)} MB`);
