/** @file The series of methods that compare every window with an anchor. */
import type { Series } from "../method.js";

/** The numbers of each window: its LPIPS to the anchor, and the norm of its gradient. */
export const ANCHOR_SERIES = {
  loss: { name: "loss", per: "window", title: "Distances to the anchor", unit: "LPIPS to the anchor" },
  gradientNorm: { name: "gradientNorm", per: "window", title: "Norms of the gradients", unit: "L2 norm of the gradient" },
} as const satisfies Record<string, Series>;
