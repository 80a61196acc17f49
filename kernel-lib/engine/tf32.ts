/**
 * @file Whether CUDA rounds float32 products to TF32 (10 bits of 23). Its libraries read NVIDIA_TF32_OVERRIDE once per process, when they are first used,
 * and onnxruntime-node cannot ask for either: so the first model that is opened settles it.
 */
import type { Precision } from "../graph/half.js";

/** How float32 products are computed in this process, and by which model's precision it was settled. */
export type Tf32 = { readonly products: "exact" | "rounded"; readonly by: Precision | "the environment" };

/** What opening a model finds: the state after it, and a reason against it or something to know. */
export interface Tf32Answer {
  readonly state: Tf32;
  readonly refused?: string;
  readonly notice?: string;
}

/**
 * A model in float32 needs exact products; one in float16 computes little in float32, and faster where products are rounded.
 * @param before undefined before the first model on CUDA
 * @param override NVIDIA_TF32_OVERRIDE as the process was started with it
 */
export function settleTf32(precision: Precision, before: Tf32 | undefined, override: string | undefined): Tf32Answer {
  const first: Tf32 =
    override !== undefined
      ? { products: override === "0" ? "exact" : "rounded", by: "the environment" }
      : { products: precision === "float32" ? "exact" : "rounded", by: precision };
  const state = before ?? first;
  if (state.by === "the environment" || state.by === precision) return { state };
  return precision === "float32"
    ? {
        state,
        refused: `this process has opened a model in ${state.by}, and since then CUDA rounds float32 products to TF32; open this one in a process of its own, or set NVIDIA_TF32_OVERRIDE=0 before the process starts`,
      }
    : {
        state,
        notice: `cuda: this process has opened a model in ${state.by}, so what this one computes in float32 is exact, and slower; a process of its own would round it to TF32`,
      };
}
