/** @file Intra-Style-L: do the parts of one panorama have one style? */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { StyleNetwork } from "../diffusion/capabilities.js";
import { squares } from "./intra-lpips.js";

/**
 * The mean squared difference of Gram matrices, summed over a network's layers.
 * @param a  @param b  [1,C,C] of each layer
 * @source Gatys et al. arXiv:1508.06576, equation 5; the official evaluation's style_loss.py
 */
export const styleLoss = (a: readonly Tensor[], b: readonly Tensor[]): number =>
  a.reduce((sum, { data }, k) => sum + data.reduce((total, x, at) => total + (x - b[k].data[at]) ** 2, 0) / data.length, 0);

/**
 * The style loss over all pairs of non-overlapping square crops of one panorama. Lower is more coherent.
 * @param panorama [1,3,H,W] in [0,1]
 * @param pairs "mean", or "sum" as the official evaluation has it, where a wider panorama, which has more pairs, scores worse
 * @param crop side in pixels; default the panorama's height
 * @throws RangeError where fewer than two crops fit
 * @source Lee et al. arXiv:2306.05178, section 5 (Coherence); KAIST-Visual-AI-Group/SyncDiffusion. Differs: crops are not rounded to bytes first.
 */
export async function intraStyleLoss(
  panorama: Tensor,
  { grams }: StyleNetwork,
  pairs: "mean" | "sum" = "mean",
  crop: number = panorama.shape[2],
): Promise<number> {
  expectShape("intraStyleLoss", panorama, [1, 3, "H", "W"]);
  const all: (readonly Tensor[])[] = [];
  for (const each of squares(panorama, crop, "intraStyleLoss")) all.push(await grams(each));
  let [sum, count] = [0, 0];
  for (const [k, a] of all.entries())
    for (const b of all.slice(k + 1)) {
      sum += styleLoss(a, b);
      count++;
    }
  return pairs === "sum" ? sum : sum / count;
}
