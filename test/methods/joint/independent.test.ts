/** @file Independent windows: what each of them must equal. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { crop } from "#kernel-lib/methods/joint/fuse.js";
import { independentWindows } from "#kernel-lib/methods/joint/independent.js";
import { finish, schedule, toy } from "./toy.js";

describe("independent windows", () => {
  test("lie side by side, six of them unless told otherwise", () => {
    const { options } = independentWindows(toy(), { prompt: "hills" });
    expect(options.windows.map(({ left }) => left)).toEqual([0, 8, 16, 24, 32, 40]);
    expect(options).toMatchObject({ width: 96, stride: 8 });
  });

  test("are each what DDIM paints of their own part of the noise, bit for bit", async () => {
    const mean = () => 0.3;
    const model = toy({ mean });
    const latent = randn(createRng(3), [1, 4, 8, 24]);
    const { steps, result } = await finish(independentWindows(model, { prompt: "hills", latent, steps: 5 }));
    for (const window of steps[0].windows) {
      let x = crop(latent, window);
      for (const { now, next } of schedule.path(5))
        x = ddimStep(x, await model.predictNoise(x, { timestep: now.t, text: latent }), now, next).prev;
      expect(crop(result.latent, window)).toEqual(x);
    }
  });

  test("refuse a stride that would make them overlap", () => {
    expect(() => independentWindows(toy(), { prompt: "hills", stride: 4 })).toThrow(
      "stride 4: the windows of this method lie side by side; leave stride out",
    );
    expect(independentWindows(toy(), { prompt: "hills", stride: 8 }).options.stride).toBe(8);
  });

  test("given to the method again, as the run says them, its options repeat the run", async () => {
    const run = independentWindows(toy(), { prompt: "hills", steps: 3, loop: true });
    const again = independentWindows(toy(), run.options);
    expect((await finish(again)).result).toEqual((await finish(run)).result);
  });
});
