/** @file SpotDiffusion: windows side by side that lie elsewhere in every step (Frolov et al., arXiv:2407.15507). */
import { createRng } from "../../core/random.js";
import { givenOption } from "../option-table.js";
import { over } from "./carried.js";
import { cropAll, fuse, rollColumns } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

/**
 * Paints a panorama step by step. Windows do not overlap, so a step costs as little as independent windows; the seams lie elsewhere in each step, so
 * that later steps mend those of earlier ones. In step i:
 *
 *   (a) roll      z ← z rolled to the left by s_i      s_i seeded, uniform in [0, window)
 *   (b) denoise   x_j ← the sampler's step             of the windows side by side, each alone
 *   (c) place     z ← the windows where they were cut
 *   (d) back      z ← z rolled to the right by s_i
 *
 * An open strip is rolled around its ends as well, so that they continue each other like a ring's.
 * @source SpotDiffusion 0504235, panorama.py `text2panorama`. Differs: the official code rolls after each step by a shift from [0, width) and never back,
 * so its result is ours rolled by the sum of its shifts.
 */
export const spot = jointMethod({
  name: "spot",
  title: "SpotDiffusion",
  summary: "windows side by side that shift in every step",
  source: "Frolov et al. arXiv:2407.15507; SpotDiffusion panorama.py",
  options: {
    shifts: givenOption<readonly number[]>({
      means: "how far each step rolls, in latent pixels; replaces the seeded shifts",
      want: "a list of numbers",
    }),
  },
  placement: "side by side",
  resolve({ shifts }, { shared: { seed = 0, windows, steps } }) {
    const rng = createRng(seed + 2 ** 52);
    return { shifts: shifts ?? Array.from({ length: steps + 1 }, () => rng.below(windows[0].width)) };
  },
  async *steps(run, { windows, shifts }) {
    let z = run.panorama; // [1,c,H,W]
    const width = z.x.shape[3];
    for (const hop of run.hops) {
      const shift = shifts[hop.index];
      const rolled = over(run.draw(z, hop), (all) => rollColumns(all, -shift)); // (a)
      const places = windows.map((window) => ({ ...window, left: (window.left + shift) % width }));
      const asking = await run.under(places);
      const denoised = await asking.denoise(
        over(rolled, (all) => cropAll(all, windows)),
        hop,
      ); // (b) [windows,c,h,w]
      const back = (parts: typeof z.x) => rollColumns(fuse(parts, windows, z.x.shape), shift); // (c), (d)
      z = over(denoised, back);
      yield run.record(hop, z, denoised, { places, foreseen: back(denoised.x0), step: { shift } });
    }
    return run.finish(z);
  },
  series: [{ name: "shift", per: "step", title: "Shift of the windows", unit: "latent pixels" }],
});

/** Paints a panorama by SpotDiffusion, step by step: the algorithm is at `spot`. @returns and @throws as `multiDiffusion` */
export const spotDiffusion = spot.run;
