/** The perceptual network's least picture: one that is smaller is refused by name, before anything runs. */
import { expect, test } from "vitest";
import { Graph } from "#kernel-lib/graph/graph.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { features, leastSide, type PerceptualConfig } from "#kernel-lib/nets/perceptual.js";

test.each<PerceptualConfig>([
  { net: "vgg", epsilon: 0 },
  { net: "alex", epsilon: 0 },
  { net: "squeeze", epsilon: 0 },
  { net: "tiny", epsilon: 0, channels: [4, 4, 4] },
  { net: "tiny", epsilon: 0, channels: [4, 4, 4, 4, 4] },
])("$net $channels: the least side leaves something at every level, and one pixel less is refused", (config) => {
  const least = leastSide(config);
  const maps = (height: number, width: number) => {
    const graph = new Graph();
    return features(config, inputParameters(graph, "weights."), graph.input("image", [1, 3, height, width])).map(({ shape }) => shape);
  };
  for (const [, , height, width] of maps(least, least)) expect(Math.min(height, width)).toBeGreaterThan(0);
  const shorter = config.net === "tiny" ? least / 2 : least - 1; // the small network halves, so its sides are even
  expect(() => maps(least, shorter)).toThrow(
    `the perceptual network: got an image of ${least}×${shorter} pixels, want at least ${least}×${least}`,
  );
});
