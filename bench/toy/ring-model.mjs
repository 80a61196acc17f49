/**
 * @file A model whose networks are closed formulas: a window's picture is +1 or −1 everywhere, with equal probability, and every column of it adds its own
 * noise N(0, 0.35²). So x0, eps, the distance to an anchor and its gradient are exact, for windows of any width.
 */

/** Standard deviation of a column around its window's mode. */
export const SPREAD = 0.35;
const MODES = [1, -1];
const SD = /** @type {const} */ ({
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  trainTimesteps: 1000,
  stepsOffset: 1,
  setAlphaToOne: false,
  prediction: "epsilon",
});

/**
 * What a noisy window says of its clean one, x_t = alpha·x0 + sigma·eps: each mode's probability r and its mean of x0, and both together.
 * @param {Float32Array} x of one window @param {import("../../kernel-lib/diffusion/notation.js").Level} level
 */
function posterior(x, { alpha, sigma }) {
  const v = alpha ** 2 * SPREAD ** 2 + sigma ** 2; // variance of x_t around alpha·mode
  const c = (alpha * SPREAD ** 2) / v;
  const logs = MODES.map((mode) => -x.reduce((sum, value) => sum + (value - alpha * mode) ** 2, 0) / (2 * v));
  const most = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - most));
  const total = weights.reduce((a, b) => a + b);
  const r = weights.map((weight) => weight / total);
  const means = MODES.map((mode) => x.map((value) => mode + c * (value - alpha * mode)));
  const slopes = MODES.map((mode) => x.map((value) => -(value - alpha * mode) / v)); // of each mode's log density
  const mix = (/** @type {readonly Float32Array[]} */ parts) => x.map((_, k) => r[0] * parts[0][k] + r[1] * parts[1][k]);
  return { r, c, means, slopes, x0: mix(means), slope: mix(slopes) };
}

/** The logarithm of a clean window's density. @param {ArrayLike<number>} x */
export function logDensity(x) {
  const logs = MODES.map((mode) => -Array.from(x).reduce((sum, value) => sum + (value - mode) ** 2, 0) / (2 * SPREAD ** 2));
  const most = Math.max(...logs);
  const norm = x.length * Math.log(SPREAD * Math.sqrt(2 * Math.PI));
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / MODES.length) - norm;
}

/** Applies a function of one window to every window of [n,1,1,w]. @param {import("../../kernel-lib/core/tensor.js").Tensor} tensor @param {(x: Float32Array, j: number) => Float32Array} change @returns {import("../../kernel-lib/core/tensor.js").Tensor} */
function eachWindow({ data, shape }, change) {
  const width = shape[3];
  const out = new Float32Array(data.length);
  for (let j = 0; j < data.length / width; j++) out.set(change(data.slice(j * width, (j + 1) * width), j), j * width);
  return { data: out, shape };
}

/** @param {{ readonly createSchedule: typeof import("../../kernel-lib/diffusion/schedule.js").createSchedule }} veduta @returns {import("../../kernel-lib/diffusion/joint-model.js").JointModel} */
export function ringModel({ createSchedule }) {
  const { level } = createSchedule(SD);
  return {
    config: { latentChannels: 1, scaleFactor: 1, window: 8, schedule: SD },
    tokenize: async () => ({ ids: [], truncated: false }),
    encodeText: async () => ({ data: new Float32Array(2), shape: [2, 1, 1] }),
    decode: async ({ data, shape: [n, , h, w] }) => ({
      data: Float32Array.from({ length: 3 * data.length }, (_, k) => data[k % data.length]),
      shape: [n, 3, h, w],
    }),
    predictNoise: async (latent, { timestep }) => {
      const at = level(timestep);
      return eachWindow(latent, (x) => {
        const { x0 } = posterior(x, at);
        return x.map((value, k) => (value - at.alpha * x0[k]) / at.sigma);
      });
    },
    // L = the mean of (x0 − A)² over the window's columns; its gradient is Jᵀ·2(x0 − A)/width, J the exact Jacobian of x0
    perceptualGradient: async (latent, { timestep, anchor }) => {
      const at = level(timestep);
      const goal = "data" in anchor ? anchor.data : new Float32Array();
      const loss = new Float32Array(latent.shape[0]);
      const gradient = eachWindow(latent, (x, j) => {
        const { r, c, means, slopes, x0, slope } = posterior(x, at);
        loss[j] = x0.reduce((sum, value, k) => sum + (value - goal[k]) ** 2, 0) / x.length;
        const apart = x0.map((value, k) => (2 * (value - goal[k])) / x.length); // dL/dx0
        const along = (/** @type {Float32Array} */ mean) => mean.reduce((sum, value, k) => sum + value * apart[k], 0);
        const [first, second] = means.map((mean, k) => r[k] * along(mean));
        const whole = along(x0);
        return x.map((_, k) => c * apart[k] + first * slopes[0][k] + second * slopes[1][k] - whole * slope[k]);
      });
      return { loss: { data: loss, shape: [loss.length] }, gradient };
    },
  };
}
