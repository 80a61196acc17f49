/** What a network of v itself predicts, on a checkpoint of random numbers. */
import { expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { vFromEps } from "#kernel-lib/diffusion/notation.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { TINY, tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

test.each(["v_prediction", "epsilon"] as const)(
  "of a network of %s: v is what its noise says, and is there for a network of v alone",
  async (prediction) => {
    const checkpoint = tinyCheckpoint({ prediction });
    const model = await openModel(checkpoint.path, { device: "cpu", threads: 1 });
    expect(typeof model.predictVelocity).toBe(prediction === "v_prediction" ? "function" : "undefined");
    const latent = randn(createRng(1), [2, TINY.channels, TINY.window, TINY.window]);
    const options = { timestep: 601, text: await model.encodeText(["", "a"]), guidanceScale: 3 };
    const v = await model.predictVelocity?.(latent, options);
    if (v) {
      const want = vFromEps(latent, await model.predictNoise(latent, options), createSchedule(model.config.schedule).level(601));
      for (const [k, x] of v.data.entries()) expect(Math.abs(x - want.data[k])).toBeLessThan(1e-4 * Math.max(1, Math.abs(x)));
    }
    await model.close();
    checkpoint.remove();
  },
);
