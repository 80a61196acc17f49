/** @file The calls of a text-guided denoiser, and the inputs that every one of them is fed with. */
import { ShapeError } from "../core/errors.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import {
  CONTROL_MODES,
  type Denoiser,
  type JacobianProducts,
  type MergedDenoiser,
  type MergedWindows,
  type NoiseControl,
  type NoiseOptions,
  type ResidualMeter,
  type RowDenoiser,
} from "../diffusion/capabilities.js";
import type { Schedule } from "../diffusion/schedule.js";
import type { Engine } from "../engine/engine.js";
import type { Feed } from "../engine/session.js";
import type { ControlNetConfig } from "../nets/control-net.js";
import { type ControlRow, type ControlScale, type ControlSize, conditionFactor } from "../nets/control-residuals.js";
import type { controlledNoiseProgram } from "../nets/controlled-denoiser.js";
import type { GuidedRow, GuidedSize, noiseProgram, pullNoiseProgram, rowNoiseProgram } from "../nets/guided-denoiser.js";
import type { MergedSize, mergedNoiseProgram } from "../nets/merged-denoiser.js";
import type { residualSizesProgram } from "../nets/residual-sizes.js";
import { timestepEmbedding } from "../nets/timestep-embedding.js";
import type { UNetConfig } from "../nets/unet.js";

/** A denoiser that is open. */
export interface OpenDenoiser {
  readonly engine: Engine;
  readonly unet: UNetConfig;
  readonly controlNets: readonly ControlNetConfig[];
  /** of the latent */
  readonly channels: number;
  readonly schedule: Schedule;
  readonly programs: {
    readonly noise: ReturnType<typeof noiseProgram>;
    readonly mergedNoise: ReturnType<typeof mergedNoiseProgram>;
    readonly rowNoise: ReturnType<typeof rowNoiseProgram>;
    readonly controlledNoise: ReturnType<typeof controlledNoiseProgram>;
    readonly pullNoise: ReturnType<typeof pullNoiseProgram>;
    readonly residualSizes: ReturnType<typeof residualSizesProgram>;
  };
}

/** Predictions, guided or with a text per row, and pull-backs of the guided one. @throws ShapeError or RangeError, from a call */
export const denoiser = (
  opened: OpenDenoiser,
): Denoiser & MergedDenoiser & Required<RowDenoiser> & Pick<JacobianProducts, "pullNoise"> & ResidualMeter => ({
  async predictNoise(latent, noise) {
    const { size, rows, shared } = guided(opened, "predictNoise", latent, noise);
    return (await opened.engine.call(opened.programs.noise, size, { rows, shared }, noise.batch, noise.signal)).noise;
  },
  ...(opened.schedule.config.prediction === "v_prediction" && { predictVelocity: velocityOf(opened) }),
  async predictMergedNoise(latent, { merged, ...noise }) {
    const { size, rows, shared } = guided(opened, "predictMergedNoise", latent, noise);
    return mergedCall(opened, { size: mergedSize(size, merged), rows, shared });
  },
  ...(opened.schedule.config.prediction === "v_prediction" && { predictMergedVelocity: mergedVelocityOf(opened) }),
  async predictRowNoise(latent, { timestep, text, batch, signal }) {
    const { engine, programs, unet, channels } = opened;
    engine.expectOpen("predictRowNoise");
    expectShape("predictRowNoise: latent", latent, ["N", channels, "h", "w"]);
    const [n, , height, width] = latent.shape;
    expectShape("predictRowNoise: text", text, [n, "tokens", unet.crossAttentionDim], "give each row its own embeddings");
    const size = { height, width, tokens: text.shape[1] };
    const shared = levelFeeds(opened, "predictRowNoise", timestep);
    return (await engine.call(programs.rowNoise, size, { rows: { latent, text }, shared }, batch, signal)).noise;
  },
  async predictControlledNoise(latent, { timestep, text, control, batch, signal }) {
    const { engine, programs, unet, channels } = opened;
    const who = "predictControlledNoise";
    engine.expectOpen(who);
    expectShape(`${who}: latent`, latent, ["G", "R", channels, "h", "w"], "group the rows");
    const [groups, rows, , height, width] = latent.shape;
    if (rows < 2) throw new ShapeError(`${who}: latent`, { got: `groups of ${rows}`, want: "the source's row first, the edited row last" });
    expectShape(`${who}: text`, text, [groups, rows, "tokens", unet.crossAttentionDim], "give each row its own embeddings");
    const tokens = text.shape[2];
    const { fromSource, fromOwn, selfBlend } = control;
    expectShape(`${who}: fromSource`, fromSource, [tokens, tokens]);
    expectShape(`${who}: fromOwn`, fromOwn, [tokens]);
    if (!(selfBlend >= 0 && selfBlend <= 1)) throw new RangeError(`${who}: selfBlend ${selfBlend}, want a number from 0 to 1`);
    const shared = { ...levelFeeds(opened, who, timestep), fromSource, fromOwn, selfBlend: scalar(selfBlend) };
    const size = { height, width, tokens, rows };
    return (await engine.call(programs.controlledNoise, size, { rows: { latent, text }, shared }, batch, signal)).noise;
  },
  async pullNoise(latent, { cotangent, ...noise }) {
    const { size, rows, shared } = guided(opened, "pullNoise", latent, noise);
    expectShape("pullNoise: cotangent", cotangent, latent.shape, "give one of the latent's shape");
    return (await opened.engine.call(opened.programs.pullNoise, size, { rows: { ...rows, cotangent }, shared }, noise.batch, noise.signal))
      .pulled;
  },
  async residualSizes(latent, noise) {
    const { size, rows, shared } = guided(opened, "residualSizes", latent, noise);
    return opened.engine.call(opened.programs.residualSizes, size, { rows, shared }, noise.batch, noise.signal);
  },
});

/** A call of all windows of a panorama. @throws ShapeError for another number of windows than rows */
async function mergedCall(
  { engine, programs }: OpenDenoiser,
  { size, rows, shared }: { readonly size: MergedSize } & Pick<ReturnType<typeof guided>, "rows" | "shared">,
): Promise<Tensor> {
  const { latent } = rows;
  expectShape("predictMergedNoise: latent", latent, [size.lefts.length, ...latent.shape.slice(1)], "give one row for each window");
  const entries = Object.entries(rows).map(([name, x]) => [name, { data: x.data, shape: [1, ...x.shape] }] as const); // [1,n,…]
  const panorama = { latent: { data: latent.data, shape: [1, ...latent.shape] }, ...Object.fromEntries(entries) };
  const { noise } = await engine.call(programs.mergedNoise, size, { rows: panorama, shared });
  return { data: noise.data, shape: latent.shape };
}

/** The size of a call of merged windows. */
export const mergedSize = (size: GuidedSize, { windows, panorama, attention }: MergedWindows): MergedSize => ({
  ...size,
  tops: windows.map(({ top }) => top),
  lefts: windows.map(({ left }) => left),
  canvasHeight: panorama.height,
  canvasWidth: panorama.width,
  merged: attention,
});

/** The program reads eps = sigma·x_t + alpha·v out of the network's v; with alpha 1 and sigma 0 that is v itself. */
const velocityOf =
  (opened: OpenDenoiser): NonNullable<Denoiser["predictVelocity"]> =>
  async (latent, noise) => {
    const { size, rows, shared } = guided(opened, "predictVelocity", latent, noise);
    return (await opened.engine.call(opened.programs.noise, size, { rows, shared: asV(shared) }, noise.batch, noise.signal)).noise;
  };

const mergedVelocityOf =
  (opened: OpenDenoiser): NonNullable<MergedDenoiser["predictMergedVelocity"]> =>
  async (latent, { merged, ...noise }) => {
    const { size, rows, shared } = guided(opened, "predictMergedVelocity", latent, noise);
    return mergedCall(opened, { size: mergedSize(size, merged), rows, shared: asV(shared) });
  };

const asV = <Shared extends object>(shared: Shared) => ({ ...shared, alpha: scalar(1), sigma: scalar(0) });

/** What the guided programs have in common: their size and their inputs, checked. */
export function guided(opened: OpenDenoiser, who: string, latent: Tensor, options: NoiseOptions) {
  const { engine, unet, channels } = opened;
  const { timestep, text, guidanceScale = 7.5, controls = [] } = options;
  engine.expectOpen(who);
  expectShape(`${who}: latent`, latent, ["N", channels, "h", "w"]);
  const [, , height, width] = latent.shape;
  const texts = text.shape[0] === 1 ? 1 : 2;
  expectShape(`${who}: text`, text, [texts, "tokens", unet.crossAttentionDim], "stack the negative prompt's embeddings and the prompt's");
  const level = levelFeeds(opened, who, timestep);
  if (!Number.isFinite(guidanceScale)) throw new RangeError(`${who}: guidanceScale ${guidanceScale}, want a number`);
  const size: GuidedSize = { height, width, tokens: text.shape[1], texts, ...controlSize(controls) };
  const rows: Readonly<Record<GuidedRow, Tensor>> = { latent, ...controlRows(opened, who, latent, controls) };
  const scales: Readonly<Record<ControlScale, Feed>> = Object.fromEntries(
    controls.map(({ scale: a }, k) => [`controlScale${k}`, scalar(a)]),
  );
  return { size, rows, shared: { ...level, guidance: scalar(guidanceScale), text, ...scales } };
}

/** The part of a call's size that its ControlNets are; nothing without any, so that such a call has the plan that it had without this option. */
export const controlSize = (controls: readonly Pick<NoiseControl, "net" | "mode">[]): ControlSize =>
  controls.length === 0 ? {} : { nets: controls.map(({ net }) => net), modes: controls.map(({ mode }) => mode) };

/** The conditions of a call's rows, checked. @throws RangeError, ShapeError */
function controlRows(
  { controlNets }: OpenDenoiser,
  who: string,
  { shape: [n, , height, width] }: Tensor,
  controls: readonly NoiseControl[],
): Readonly<Record<ControlRow, Tensor>> {
  const rows: Record<ControlRow, Tensor> = {};
  for (const [k, { net, image, scale, mode }] of controls.entries()) {
    const at = `${who}: controls[${k}]`;
    const config = controlNets[net];
    if (!config) throw new RangeError(`${at}: net ${net} of a model with ${controlNets.length} ControlNets; open it with more of them`);
    if (!Number.isFinite(scale)) throw new RangeError(`${at}: scale ${scale}, want a number`);
    if (!CONTROL_MODES.includes(mode)) throw new RangeError(`${at}: mode ${mode}, want ${CONTROL_MODES.join(", ")}`);
    const f = conditionFactor(config);
    expectShape(`${at}: image`, image, [n, 3, f * height, f * width], "crop the condition as the latents are");
    rows[`control${k}`] = image;
  }
  return rows;
}

/** What every prediction at a timestep is fed with. */
function levelFeeds({ unet, schedule }: OpenDenoiser, who: string, timestep: number) {
  const { trainTimesteps } = schedule.config;
  if (!(timestep >= 0 && timestep < trainTimesteps))
    throw new RangeError(`${who}: timestep ${timestep}, want a number from 0 to ${trainTimesteps - 1}`);
  const { alpha, sigma } = schedule.level(timestep);
  return {
    timestep: scalar(timestep),
    timestepEmbedding: timestepEmbedding(unet, [timestep]),
    alpha: scalar(alpha),
    sigma: scalar(sigma),
  };
}

const scalar = (x: number): Feed => ({ data: Float32Array.of(x), shape: [1] });
