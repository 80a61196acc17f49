/** @file Network calls of a joint method: any number of windows, in batches; the signal stops them between two batches. */
import { type DeviceTensor, rows, stack, type Tensor, zeros } from "../../core/tensor.js";
import type { CallKind, JointModel } from "../../diffusion/joint-model.js";
import { vFromEps, x0FromEps } from "../../diffusion/notation.js";
import type { Hop } from "../../diffusion/schedule.js";
import { evenParts } from "../even-parts.js";
import type { Batch } from "../method.js";
import { expectFinite } from "./finite.js";
import type { ResolvedOptions } from "./options.js";

/** LPIPS of each window's predicted image to the anchor's, and its gradient; both 0 for the anchor. */
export interface PerceptualGradient {
  /** [windows] */
  readonly loss: Tensor;
  /** with respect to the windows' latents, [windows,c,h,w] */
  readonly gradient: Tensor;
}

/** The network calls of one run. */
export interface NetworkCalls {
  /** Predicts the noise of windows, with guidance: [n,c,h,w] -> [n,c,h,w]. */
  noise(xt: Tensor, hop: Hop): Promise<Tensor>;
  /** Predicts v of windows, with guidance: [n,c,h,w] -> [n,c,h,w]; for a network that predicts v. */
  velocity(xt: Tensor, hop: Hop): Promise<Tensor>;
  /**
   * The predicted image of one window, decode(x0(x_t, eps)): windows [n,c,h,w] -> [1,3,8h,8w] in [-1,1]. It stays on the device if the model supports
   * that.
   */
  foresee(windows: Tensor, index: number, hop: Hop): Promise<Tensor | DeviceTensor>;
  /**
   * LPIPS of every window's predicted image to the anchor's, and its gradient with respect to the window's latent. The anchor's row is filled with
   * zeros: its gradient is never needed. Frees the anchor's image.
   */
  perceptual(
    windows: Tensor,
    anchor: { readonly index: number; readonly image: Tensor | DeviceTensor },
    hop: Hop,
  ): Promise<PerceptualGradient>;
}

/**
 * Chooses the windows per network call of a run: the user's number, else what fits the free memory, else all. It is chosen once, so that every
 * call of the run has the size that is recorded.
 */
export function chooseBatch(model: JointModel, { windows, batch }: ResolvedOptions, needs: readonly CallKind[]): Batch {
  const given = typeof batch === "number" ? { noise: batch, gradient: batch } : (batch ?? {});
  const most = (kind: CallKind) => given[kind] ?? model.batchSize?.(kind, windows[0]) ?? windows.length;
  return Object.fromEntries(needs.map((kind) => [kind, Math.max(1, Math.floor(most(kind)))]));
}

/**
 * Makes the network calls of one run. After an abort each throws the signal's reason before its next network call. Each throws a NumericError
 * that names the window if a network returns NaN or infinity.
 * @param text [2,tokens,dim]
 */
export function networkCalls(
  model: JointModel,
  { windows, guidanceScale }: ResolvedOptions,
  { text, batch: sizes, signal }: { readonly text: Tensor | DeviceTensor; readonly batch: Batch; readonly signal?: AbortSignal },
): NetworkCalls {
  const batched = async <T>(kind: CallKind, x: Tensor, call: (x: Tensor, batch: number) => Promise<T>): Promise<T[]> => {
    const done: T[] = [];
    const parts = evenParts(x, sizes[kind] ?? x.shape[0]);
    for (const part of parts) {
      signal?.throwIfAborted();
      done.push(await call(part, parts[0].shape[0])); // the same batch size for all, so that one loaded graph serves them
    }
    return done;
  };

  const noise: NetworkCalls["noise"] = async (xt, { now }) =>
    stack(await batched("noise", xt, (part, batch) => model.predictNoise(part, { timestep: now.t, text, guidanceScale, batch })));

  const velocity: NetworkCalls["velocity"] = async (xt, hop) => {
    const { predictVelocity } = model;
    if (!predictVelocity) return vFromEps(xt, await noise(xt, hop), hop.now);
    const options = { timestep: hop.now.t, text, guidanceScale };
    return stack(await batched("noise", xt, (part, batch) => predictVelocity(part, { ...options, batch })));
  };

  const foresee: NetworkCalls["foresee"] = async (all, index, hop) => {
    const xt = rows(all, index, index + 1); // [1,c,h,w]
    signal?.throwIfAborted();
    if (model.foresee) return model.foresee(xt, { timestep: hop.now.t, text, guidanceScale }); // NaN and infinity in it appear in the losses
    const x0 = x0FromEps(xt, await noise(xt, hop), hop.now);
    signal?.throwIfAborted();
    const image = await model.decode(x0); // [1,3,8h,8w]
    expectFinite("foreseen image", image, hop, { windows, first: index });
    return image;
  };

  const perceptual: NetworkCalls["perceptual"] = async (all, anchor, hop) => {
    const before = rows(all, 0, anchor.index);
    const after = rows(all, anchor.index + 1, windows.length);
    const options = { timestep: hop.now.t, text, guidanceScale, anchor: anchor.image };
    let parts: PerceptualGradient[];
    try {
      parts = await batched("gradient", stack([before, after]), (part, batch) => model.perceptualGradient(part, { ...options, batch }));
    } finally {
      if ("release" in anchor.image) anchor.image.release();
    }
    const withAnchor = (key: "loss" | "gradient", rowShape: readonly number[]) => {
      const others = stack([zeros([0, ...rowShape]), ...parts.map((part) => part[key])]);
      return stack([rows(others, 0, anchor.index), zeros([1, ...rowShape]), rows(others, anchor.index, windows.length - 1)]);
    };
    const loss = withAnchor("loss", []); // [windows]
    const gradient = withAnchor("gradient", all.shape.slice(1)); // [windows,c,h,w]
    expectFinite("loss", loss, hop, { windows });
    expectFinite("gradient", gradient, hop, { windows });
    return { loss, gradient };
  };
  return { noise, velocity, foresee, perceptual };
}
