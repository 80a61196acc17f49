/** @file The networks as a joint method calls them: any number of windows, a batch at a time, stopped between two batches. */
import { type DeviceTensor, rows, stack, type Tensor, zeros } from "../../core/tensor.js";
import type { JointModel } from "../../diffusion/joint-model.js";
import { x0FromEps } from "../../diffusion/notation.js";
import type { Hop } from "../../diffusion/schedule.js";
import { expectFinite } from "./finite.js";
import type { ResolvedOptions } from "./options.js";

/** The distance of each window's foreseen image to the anchor's, and its gradient; both 0 for the anchor. */
export interface Pull {
  /** [windows] */
  readonly loss: Tensor;
  /** with respect to the windows' latents, [windows,c,h,w] */
  readonly gradient: Tensor;
}

export interface NetworkCalls {
  /** Guided noise of windows, [n,c,h,w] -> [n,c,h,w]. */
  noise(xt: Tensor, hop: Hop): Promise<Tensor>;
  /** The image that one window foresees, decode(x0(x_t, eps)): windows [n,c,h,w] -> [1,3,8h,8w] in [-1,1]. It stays on the device where the model lets it. */
  foresee(windows: Tensor, index: number, hop: Hop): Promise<Tensor | DeviceTensor>;
  /** How far every window's foreseen image is from the anchor's, and uphill; the anchor's own backward pass is never taken. Releases the image. */
  pull(windows: Tensor, anchor: { readonly index: number; readonly image: Tensor | DeviceTensor }, hop: Hop): Promise<Pull>;
}

/**
 * The calls of one run. Each throws the signal's reason (an AbortError) before the next network call once the signal has fired, and a
 * NumericError naming the window where a network returns NaN or infinity.
 * @param text [2,tokens,dim]
 */
export function networkCalls(model: JointModel, options: ResolvedOptions, text: Tensor | DeviceTensor, signal?: AbortSignal): NetworkCalls {
  const { windows, guidanceScale } = options;
  const batched = async <T>(kind: "noise" | "gradient", x: Tensor, call: (x: Tensor, batch: number) => Promise<T>): Promise<T[]> => {
    const done: T[] = [];
    const batch = Math.max(1, Math.floor(options.batch ?? model.batchSize?.(kind, windows[0]) ?? x.shape[0]));
    const parts = evenParts(x, batch);
    for (const part of parts) {
      signal?.throwIfAborted();
      done.push(await call(part, parts[0].shape[0])); // one size for all, so one loaded graph
    }
    return done;
  };

  const noise: NetworkCalls["noise"] = async (xt, { now }) =>
    stack(await batched("noise", xt, (part, batch) => model.predictNoise(part, { timestep: now.t, text, guidanceScale, batch })));

  const foresee: NetworkCalls["foresee"] = async (all, index, hop) => {
    const xt = rows(all, index, index + 1); // [1,c,h,w]
    signal?.throwIfAborted();
    if (model.foresee) return model.foresee(xt, { timestep: hop.now.t, text, guidanceScale }); // what is not finite in it shows in the losses
    const x0 = x0FromEps(xt, await noise(xt, hop), hop.now);
    signal?.throwIfAborted();
    const image = await model.decode(x0); // [1,3,8h,8w]
    expectFinite("foreseen image", image, hop, { windows, first: index });
    return image;
  };

  const pull: NetworkCalls["pull"] = async (all, anchor, hop) => {
    const before = rows(all, 0, anchor.index);
    const after = rows(all, anchor.index + 1, windows.length);
    const options = { timestep: hop.now.t, text, guidanceScale, anchor: anchor.image };
    const parts = await batched("gradient", stack([before, after]), (part, batch) => model.perceptualGradient(part, { ...options, batch }));
    if ("release" in anchor.image) anchor.image.release();
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
  return { noise, foresee, pull };
}

/** The rows of x in as few parts of at most `size` rows as hold them all, and those as even as can be: few sizes, few compiled graphs. */
function evenParts(x: Tensor, size: number): Tensor[] {
  const [n] = x.shape;
  const even = Math.ceil(n / Math.ceil(n / size));
  const parts: Tensor[] = [];
  for (let from = 0; from < n; from += even) parts.push(rows(x, from, Math.min(n, from + even)));
  return parts;
}
