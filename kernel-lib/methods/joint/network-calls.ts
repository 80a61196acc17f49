/** @file Network calls of a joint method: any number of windows, in batches; the signal stops them between two batches. */
import { type DeviceTensor, rows, type Shape, stack, type Tensor, zeros } from "../../core/tensor.js";
import type { MergedWindows } from "../../diffusion/capabilities.js";
import type { CallKind, JointModel } from "../../diffusion/joint-model.js";
import { lincomb, vFromEps, x0FromEps } from "../../diffusion/notation.js";
import type { Hop } from "../../diffusion/schedule.js";
import { evenParts } from "../even-parts.js";
import type { Batch } from "../method.js";
import { controlsAt } from "./control-calls.js";
import { expectFinite } from "./finite.js";
import { halfSize, halfSizePull } from "./half-size.js";
import type { ResolvedOptions } from "./options.js";
import { pathOf } from "./path.js";
import type { Window } from "./windows.js";

/** LPIPS of each window's predicted image to the anchor's, and its gradient; both 0 for the anchor. */
export interface PerceptualGradient {
  /** [windows] */
  readonly loss: Tensor;
  /** with respect to the windows' latents, [windows,c,h,w] */
  readonly gradient: Tensor;
}

type Call = (part: Tensor, batch: number, places: readonly Window[]) => Promise<PerceptualGradient>;

/** The network calls of one run. */
export interface NetworkCalls {
  /**
   * Predicts the noise of windows, with guidance: [n,c,h,w] -> [n,c,h,w].
   * @param merged attention that all windows of the run share; they go into one network call then. Default: none
   * @throws TypeError for merged attention in a model without `predictMergedNoise`
   */
  noise(xt: Tensor, hop: Pick<Hop, "now">, merged?: MergedWindows["attention"]): Promise<Tensor>;
  /** Predicts v of windows, with guidance: [n,c,h,w] -> [n,c,h,w]; for a network that predicts v. `merged` as in `noise`. */
  velocity(xt: Tensor, hop: Pick<Hop, "now">, merged?: MergedWindows["attention"]): Promise<Tensor>;
  /**
   * The predicted image of one window, decode(x0(x_t, eps)): windows [n,c,h,w] -> [1,3,8h,8w] in [-1,1]. It stays on the device if the model supports
   * that.
   */
  foresee(windows: Tensor, index: number, hop: Hop): Promise<Tensor | DeviceTensor>;
  /**
   * Distance of every window's predicted image to the anchor's, and its gradient with respect to the window's latent. The anchor's row is filled with
   * zeros: its gradient is never needed. Frees the anchor's image, if it is on the device.
   */
  perceptual(windows: Tensor, anchor: ComparedWith, hop: Hop): Promise<PerceptualGradient>;
  /**
   * The same with the U-Net's prediction held fixed: the gradient goes through the decoder alone, ∂L/∂x ≈ (∂L/∂x0)/alpha. It costs no backward pass through
   * the U-Net. The anchor's image comes from the same prediction, where none is given.
   * @param size of the images that are compared; "half" decodes x0 averaged over blocks of 2×2, a quarter of the work
   * @throws TypeError for a model without `decodedGradient`
   */
  perceptualDecoded(windows: Tensor, anchor: DecodedWith, hop: Hop, size: "whole" | "half"): Promise<PerceptualGradient>;
}

/** What windows are compared with. */
export interface ComparedWith {
  /** of the window that is the anchor; −1 for an image that no window predicts */
  readonly index: number;
  /** [1,3,8h,8w] in [-1,1] */
  readonly image: Tensor | DeviceTensor;
  /** default "lpips" */
  readonly distance?: "lpips" | "style";
}

/** What windows are compared with through the decoder alone: the anchor, or a given image, [1,3,8h,8w] in [-1,1]. */
export type DecodedWith = Omit<ComparedWith, "image"> & { readonly image?: Tensor };

/** Rows with one of zeros among them; with none where its index is below 0. */
function withZerosAt(index: number, others: Tensor): Tensor {
  if (index < 0) return others;
  const [n, ...row] = others.shape;
  return stack([rows(others, 0, index), zeros([1, ...row]), rows(others, index, n)]);
}

/** All windows of a run, as a call with merged attention takes them. */
export const mergedWindows = (
  { windows, height, width }: Pick<ResolvedOptions, "windows" | "height" | "width">,
  scaleFactor: number,
  attention: MergedWindows["attention"],
): MergedWindows => ({
  windows: windows.map(({ top, left }) => ({ top, left })),
  panorama: { height: height / scaleFactor, width: width / scaleFactor },
  attention,
});

const same = (x: Tensor): Tensor => x;

/** What the calls of a run share. */
interface CallContext {
  /** [2,tokens,dim] */
  readonly text: Tensor | DeviceTensor;
  readonly batch: Batch;
  readonly signal?: AbortSignal;
}

/** Rows of windows, and where they lie. */
interface Placed {
  readonly x: Tensor;
  readonly places: readonly Window[];
}

/** What a call of windows is made of: batches, what is asked, and where the windows' conditions lie. */
function placedCalls(model: JointModel, options: ResolvedOptions, { text, batch: sizes, signal }: CallContext) {
  const { windows, guidanceScale, control = [] } = options;
  const controls = controlsAt(control, pathOf(options, model.config).hops, model.config.scaleFactor);
  /** Calls for rows of windows that lie at these places, a batch after the other. */
  const batched = async <T>(
    kind: CallKind,
    { x, places }: Placed,
    call: (x: Tensor, batch: number, places: readonly Window[]) => Promise<T>,
  ): Promise<T[]> => {
    const done: T[] = [];
    const parts = evenParts(x, sizes[kind] ?? x.shape[0]);
    let from = 0;
    for (const part of parts) {
      signal?.throwIfAborted();
      const [n] = part.shape;
      done.push(await call(part, parts[0].shape[0], places.slice(from, from + n))); // the same batch size for all, so that one loaded graph serves them
      from += n;
    }
    return done;
  };

  const ask = (hop: Pick<Hop, "now">, places: readonly Window[]) => ({
    timestep: hop.now.t,
    text,
    guidanceScale,
    ...controls(hop, places),
    signal,
  });
  /** Rows with the places of their conditions. */
  const placed = (x: Tensor): Placed => {
    const [n, , h, w] = x.shape;
    if (control.length > 0 && (n !== windows.length || windows.some(({ height, width }) => height !== h || width !== w)))
      throw new TypeError(
        `control: got ${n} windows of ${h}×${w} in a call for ${windows.length}, want a place for each, since its condition lies there; call by run.under(places)`,
      );
    return { x, places: windows };
  };
  return { batched, ask, placed };
}

/**
 * Makes the network calls of one run. After an abort each throws the signal's reason before its next network call. Each throws a NumericError
 * that names the window if a network returns NaN or infinity.
 * @param text [2,tokens,dim]
 */
export function networkCalls(model: JointModel, options: ResolvedOptions, given: CallContext): NetworkCalls {
  const { windows } = options;
  const { scaleFactor } = model.config;
  const { batched, ask, placed } = placedCalls(model, options, given);
  const { signal } = given;
  const together = (attention: MergedWindows["attention"]) => {
    signal?.throwIfAborted();
    return mergedWindows(options, scaleFactor, attention);
  };

  const noise: NetworkCalls["noise"] = async (xt, hop, merged) => {
    if (!merged)
      return stack(await batched("noise", placed(xt), (part, batch, places) => model.predictNoise(part, { ...ask(hop, places), batch })));
    if (!model.predictMergedNoise) throw new TypeError("predictMergedNoise: this model has none; its attention cannot be merged");
    return model.predictMergedNoise(xt, { ...ask(hop, placed(xt).places), merged: together(merged) });
  };

  const velocity: NetworkCalls["velocity"] = async (xt, hop, merged) => {
    const { predictVelocity, predictMergedVelocity } = model;
    if (merged && predictMergedVelocity) return predictMergedVelocity(xt, { ...ask(hop, placed(xt).places), merged: together(merged) });
    if (merged || !predictVelocity) return vFromEps(xt, await noise(xt, hop, merged), hop.now);
    return stack(await batched("noise", placed(xt), (part, batch, places) => predictVelocity(part, { ...ask(hop, places), batch })));
  };

  const foresee: NetworkCalls["foresee"] = async (all, index, hop) => {
    const xt = rows(all, index, index + 1); // [1,c,h,w]
    const asked = ask(hop, [placed(all).places[index]]);
    signal?.throwIfAborted();
    if (model.foresee) return model.foresee(xt, asked); // NaN and infinity in it appear in the losses
    const x0 = x0FromEps(xt, await model.predictNoise(xt, { ...asked, batch: 1 }), hop.now);
    signal?.throwIfAborted();
    const image = await model.decode(x0, { signal }); // [1,3,8h,8w]
    expectFinite("foreseen image", image, hop, { windows, first: index });
    return image;
  };

  /** Compares all windows but the anchor's, in batches, and fills the anchor's row with zeros. */
  const compared = async (
    { x: all, places }: Placed,
    { index, image }: ComparedWith,
    hop: Hop,
    call: Call,
  ): Promise<PerceptualGradient> => {
    const n = all.shape[0];
    const others =
      index < 0
        ? { x: all, places }
        : { x: stack([rows(all, 0, index), rows(all, index + 1, n)]), places: [...places.slice(0, index), ...places.slice(index + 1)] };
    let parts: PerceptualGradient[];
    try {
      parts = await batched("gradient", others, call);
    } finally {
      if ("release" in image) image.release();
    }
    const whole = (key: "loss" | "gradient", row: Shape) =>
      withZerosAt(index, stack([zeros([0, ...row]), ...parts.map((part) => part[key])]));
    const loss = whole("loss", []); // [windows]
    const gradient = whole("gradient", all.shape.slice(1)); // [windows,c,h,w]
    expectFinite("loss", loss, hop, { windows });
    expectFinite("gradient", gradient, hop, { windows });
    return { loss, gradient };
  };

  const perceptual: NetworkCalls["perceptual"] = (all, anchor, hop) => {
    const asked = { anchor: anchor.image, ...(anchor.distance && { distance: anchor.distance }) };
    return compared(placed(all), anchor, hop, (part, batch, places) =>
      model.perceptualGradient(part, { ...ask(hop, places), ...asked, batch }),
    );
  };

  const perceptualDecoded = decodedComparison(model, { noise, placed, compared, signal });
  return { noise, velocity, foresee, perceptual, perceptualDecoded };
}

/** What `perceptualDecoded` is made of. */
interface DecodedCalls {
  readonly noise: NetworkCalls["noise"];
  readonly placed: (x: Tensor) => Placed;
  readonly compared: (rows: Placed, anchor: ComparedWith, hop: Hop, call: Call) => Promise<PerceptualGradient>;
  readonly signal?: AbortSignal;
}

/** Compares what the clean latents decode to, whole or averaged over blocks of 2×2, and takes the gradient back to x_t with eps held fixed. */
const decodedComparison =
  (model: JointModel, { noise, placed, compared, signal }: DecodedCalls): NetworkCalls["perceptualDecoded"] =>
  async (all, { index, image, distance }, hop, size) => {
    const { decodedGradient } = model;
    if (!decodedGradient) throw new TypeError("decodedGradient: this model has none; take the full gradient");
    const sized = size === "half" ? halfSize : same;
    const x0 = sized(x0FromEps(all, await noise(all, hop), hop.now)); // [n,c,h,w], or half as large
    signal?.throwIfAborted();
    const anchor = image ? sized(image) : await model.decode(rows(x0, index, index + 1), { signal });
    const asked = { anchor, distance, signal };
    const { loss, gradient } = await compared({ x: x0, places: placed(all).places }, { index, image: anchor }, hop, (part, batch) =>
      decodedGradient(part, { ...asked, batch }),
    );
    const whole = (size === "half" ? halfSizePull : same)(gradient); // [n,c,h,w]
    return { loss, gradient: lincomb(1 / hop.now.alpha, whole, 0, whole) };
  };
