/** @file Which edges of a panorama continue at the opposite edge: a ring, a texture that tiles. */
import type { Around, Edge } from "../../core/edge.js";

/** The right edge at the left one ("x"), the lower at the upper one ("y"), or both; "none": the panorama has four ends. */
export type Wrap = (typeof WRAPS)[number];

/** The values of the option `wrap`. */
export const WRAPS = ["none", "x", "y", "both"] as const;

/** The axes that go around. */
export const aroundOf = (wrap: Wrap): Around => ({ x: wrap === "x" || wrap === "both", y: wrap === "y" || wrap === "both" });

/** The edges that meet in the convolutions of encoder and decoder. */
export const edgeOf = (wrap: Wrap): Edge => (({ none: "open", x: "wrap", y: "wrap-y", both: "wrap-xy" }) as const)[wrap];
