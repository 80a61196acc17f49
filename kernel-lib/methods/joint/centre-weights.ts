/** @file Weights that fall from a window's centre to its corners. */

/**
 * g(p) = 1 − ‖p − c‖/‖c‖ at each place p of a window, [h·w]: 1 in the centre c, small in the corners.
 * @source GVCFDiffusion eb9b0ed. Differs: p is the middle of a latent pixel, so that no weight is 0; the official weight of a window's first latent pixel is
 * 0, which leaves the panorama's first latent pixel at 0 after every step.
 */
export function centreWeights({ height, width }: { readonly height: number; readonly width: number }): Float64Array {
  const far = Math.hypot(height / 2, width / 2);
  return Float64Array.from({ length: height * width }, (_, k) => {
    const [y, x] = [Math.floor(k / width) + 0.5, (k % width) + 0.5];
    return 1 - Math.hypot(y - height / 2, x - width / 2) / far;
  });
}
