/** Golden runs through `veduta serve`: the same bits as here at every step, and so as near to the official code. */
import { type Model, multiDiffusion, openModel, syncDiffusion } from "veduta";
import { describe, expect, test } from "vitest";
import { openFunctions } from "#kernel-lib/pipelines/serving/open-functions.js";
import { serveModel } from "#kernel-lib/serve/serve-model.js";
import { SERVE } from "../serve/servers.js";
import { followRun } from "./follow.mjs";
import { perceptualFiles, reference, unless } from "./golden.mjs";

const CASES = [
  { name: "md_sd1", paint: multiDiffusion, limit: 1e-4 },
  { name: "md_vpred", paint: multiDiffusion, limit: 1e-4 },
  { name: "sync_w20", paint: syncDiffusion, perceptual: "vgg", limit: 1e-3 },
  { name: "sync_loop", paint: syncDiffusion, perceptual: "vgg", limit: 1.2e-2 },
] as const;

describe.each(CASES.map((each) => ({ ...each, skipped: unless(`runs/${each.name}.json`) })))("$name through a server$skipped", (each) => {
  test.skipIf(each.skipped)(
    "follows the official code through a server, and has the same latents as here",
    { timeout: 600_000 },
    async () => {
      const golden = reference(each.name);
      const options = { device: "cpu", threads: 2, ...("perceptual" in each && { perceptual: perceptualFiles(each.perceptual) }) } as const;
      const opening = openFunctions(golden.checkpoint, options);
      const server = await serveModel(opening, SERVE);
      await opening;
      const models: Model[] = [await openModel(golden.checkpoint, options), await openModel(server.address)];
      const runs = [];
      for (const model of models) runs.push(await followRun(each.paint(model, golden.options), golden));
      const [here, there] = runs;
      expect(there.errors).toEqual(here.errors);
      expect(there.result.latent).toEqual(here.result.latent);
      expect(there.result.panorama).toEqual(here.result.panorama);
      expect(Math.max(...there.errors)).toBeLessThan(each.limit);
      for (const model of models) await model.close();
      await server.close();
    },
  );
});
