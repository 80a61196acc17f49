/** @file How large the residuals of a run's ControlNets are, in a moment of the run. */
import { type ControlOptions, type ResolvedControl, resolveControls } from "../../conditions/control.js";
import type { Tensor } from "../../core/tensor.js";
import type { ControlMode, ResidualMeter, TextEncoder } from "../../diffusion/capabilities.js";
import type { JointModel } from "../../diffusion/joint-model.js";
import { controlsAt } from "./control-calls.js";
import { cropAll } from "./fuse.js";
import type { Window } from "./windows.js";

/** A moment of a run: the latent that a step begins with. */
export interface Moment {
  /** [1,c,H,W]: after the step before */
  readonly latent: Tensor;
  /** of the step */
  readonly timestep: number;
  readonly windows: readonly Window[];
}

/** Options of `residualSizes`. */
export interface ResidualSizesOptions {
  readonly prompt: string;
  /** as the run has it; its mode, start and end do not count here */
  readonly control: ControlOptions | readonly ControlOptions[];
}

/** Root mean squares over all windows of what the U-Net's decoder takes, and of what is added to it. */
export interface ResidualSizes {
  readonly timestep: number;
  /** of the U-Net's own skips, from the finest on, and last of its middle block, [L+1] */
  readonly skips: readonly number[];
  /** of the ControlNets' sum for each, by mode, [L+1] */
  readonly residuals: Readonly<Record<Exclude<ControlMode, "prompt">, readonly number[]>>;
}

/**
 * Measures what the ControlNets add to the U-Net under a prompt, with all residuals alike and with those of guess mode.
 * @throws TypeError, RangeError or ShapeError for a control that a run would refuse
 * @example
 * residualPlot(await residualSizes(model, { latent: steps[3].latent, timestep: steps[4].timestep, windows: steps[4].windows }, { prompt, control }))
 */
export async function residualSizes(
  model: Pick<JointModel, "config"> & Pick<TextEncoder, "encodeText"> & ResidualMeter,
  { latent, timestep, windows }: Moment,
  { prompt, control }: ResidualSizesOptions,
): Promise<ResidualSizes> {
  const { scaleFactor, controlNets = [] } = model.config;
  const [height, width] = [scaleFactor * latent.shape[2], scaleFactor * latent.shape[3]];
  const controls = resolveControls("residualSizes", control, { height, width, controlNets });
  const text = await model.encodeText([prompt]);
  const level = { t: timestep, alpha: 0, sigma: 0 };
  const measured = (mode: ResolvedControl["mode"]) => {
    const always = controls.map((one) => ({ ...one, mode, start: 0, end: 1 }));
    const hop = { index: 0, now: level, next: level }; // a run of one step
    const { controls: used } = controlsAt(always, [hop], scaleFactor)(hop, windows);
    return model.residualSizes(cropAll(latent, windows), { timestep, text, controls: used });
  };
  const [balanced, guess] = [await measured("balanced"), await measured("guess")];
  return {
    timestep,
    skips: overRows(balanced.skips),
    residuals: { balanced: overRows(balanced.residuals), guess: overRows(guess.residuals) },
  };
}

/** The root mean square over the rows: [N,L+1] -> [L+1] */
const overRows = ({ data, shape: [N, count] }: Tensor): number[] =>
  Array.from({ length: count }, (_, i) =>
    Math.sqrt(Array.from({ length: N }, (_, n) => data[n * count + i] ** 2).reduce((a, b) => a + b) / N),
  );
