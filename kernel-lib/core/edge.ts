/** @file The edges of a picture: which of them continue at the opposite edge. */

/** None ("open"); left and right, as of a closed panorama ("wrap"); top and bottom ("wrap-y"); all four, as of a texture that tiles ("wrap-xy"). */
export type Edge = "open" | "wrap" | "wrap-y" | "wrap-xy";

/** Which axes of a picture go around. */
export interface Around {
  /** the right edge continues at the left edge */
  readonly x: boolean;
  /** the lower edge continues at the upper edge */
  readonly y: boolean;
}

/** The axes that go around at an edge. */
export const aroundAt = (edge: Edge): Around => ({ x: edge === "wrap" || edge === "wrap-xy", y: edge === "wrap-y" || edge === "wrap-xy" });
