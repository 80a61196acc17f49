/** @file Shows a condition over the panorama that follows it. */
import { asRgb } from "../conditions/control.js";
import type { Tensor } from "../core/tensor.js";
import { type PanoramaView, type PanoramaViewOptions, panoramaView } from "./panorama-view.js";

/** Options of `controlView`: those of `panoramaView` but for `show`. */
export type ControlViewOptions = Omit<PanoramaViewOptions, "show">;

/**
 * Shows a condition over the panorama that follows it, in a viewer whose slider changes how much of the condition is seen. The other comparisons of the
 * viewer show the two beside each other.
 * @param control what the run was given: the condition is its image, [1,3,H,W] or [1,1,H,W] in [0,1]
 * @param panorama [1,3,H,W] in [0,1]
 * @throws RangeError for a condition of another size than the panorama
 * @example
 * controlView({ image: skyline }, panorama)
 */
export function controlView(control: { readonly image: Tensor }, panorama: Tensor, options: ControlViewOptions = {}): PanoramaView {
  const size = ({ shape: [, , height, width] }: Tensor) => `${width} × ${height} px`;
  if (size(control.image) !== size(panorama))
    throw new RangeError(`controlView: got a condition of ${size(control.image)} and a panorama of ${size(panorama)}, want one size`);
  return panoramaView(
    { panorama, condition: asRgb(control.image) },
    { title: "The condition over the panorama", ...options, state: { compare: "blend", ...options.state } },
  );
}
