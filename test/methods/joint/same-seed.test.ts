/** @file The same seed paints the same panorama, bit for bit: one hash per method, those of sync and multi made at commit 7764743. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { finish, METHODS, toy } from "./toy.js";

/** SHA-256 of the final latent's bytes (float32, little endian) */
const HASHES: Readonly<Record<string, string>> = {
  sync: "9465558bcf2dd0961610f59285d9e1ace17dc8e5dfcb31bdbf4ae84e24f1e0e6",
  multi: "59bcdd88ec538d31fe664854e4729e03793120d55e96224776e71b771e3dc4fc",
  independent: "1cf6a6c278f3a6116103c294e6f587f0ff74e277c3fda2decabdfcd71f071d35",
};

test.each(Object.keys(HASHES))("%s: the same seed gives the same latent, bit for bit, as it always did", async (name) => {
  const model = toy({ mean: (window) => window.data[0] / 2 }); // the answer depends on which window is asked
  const { result } = await finish(METHODS[name](model, { prompt: "hills", seed: 5, steps: 6, width: 64 }));
  const { data } = result.latent; // [1,4,8,32]
  expect(
    createHash("sha256")
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest("hex"),
  ).toBe(HASHES[name]);
});
