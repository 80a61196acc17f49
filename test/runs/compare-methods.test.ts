/** Methods compared on a model whose network is a closed formula: the same noise, counted passes, paired differences, and the page. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { comparePage } from "#kernel-lib/pages/compare-page.js";
import { type ComparedPanorama, compareMethods, summarise } from "#kernel-lib/runs/compare-methods.js";
import { toy } from "../methods/joint/toy.js";

const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
/** A metric's needs, so that a panorama has a number: the mean brightness of a crop as its only feature. */
const model = () =>
  Object.assign(toy({ mean: fork }), {
    features: async ({ data }: Tensor) => [{ data: Float32Array.of(data.reduce((a, b) => a + b, 0) / data.length), shape: [1, 1, 1, 1] }],
    featureDistance: async ([a]: readonly Tensor[], [b]: readonly Tensor[]) => ({
      data: Float32Array.of(Math.abs(a.data[0] - b.data[0])),
      shape: [1],
    }),
  });
const options = { prompt: "hills", width: 64, steps: 3, methods: ["multi", "sync", "spot"], seeds: [1, 2, 3], stride: 4 };

async function all(changes: object = {}): Promise<ComparedPanorama[]> {
  const found: ComparedPanorama[] = [];
  for await (const one of compareMethods(model(), { ...options, ...changes })) found.push(one);
  return found;
}

describe("a comparison", () => {
  test("takes every method in turn for each seed, from the same noise: weight 0 is MultiDiffusion", async () => {
    const found = await all({ own: { sync: { weight: 0 } } });
    expect(found.map(({ method, seed }) => `${method} ${seed}`)).toEqual(
      [1, 2, 3].flatMap((seed) => options.methods.map((name) => `${name} ${seed}`)),
    );
    for (const k of [0, 3, 6]) expect(found[k + 1].panorama).toEqual(found[k].panorama);
  });

  test("counts passes per step: n for multi, 2n and n − 1 backward for sync, n without overlap for spot", async () => {
    const [multi, sync, spot] = await all({ seeds: [1] });
    expect([multi.passes, multi.backward]).toEqual([7, 0]);
    expect([sync.passes, sync.backward]).toEqual([14, 6]);
    expect([spot.passes, spot.backward]).toEqual([4, 0]); // the stride is not for windows that lie side by side
  });

  test("refuses wrong options of any method before the first panorama", async () => {
    await expect(all({ methods: ["multi", "gvcf"], sampler: "euler" })).rejects.toThrow(/gvcf: the sampler euler/);
    await expect(all({ methods: ["multi"] })).rejects.toThrow(/want two or more/);
    await expect(all({ methods: ["multi", "milti"] })).rejects.toThrow(/method milti/);
    await expect(all({ seeds: [] })).rejects.toThrow(/no seeds/);
  });

  test("is summed up with differences to the first method, seed by seed", async () => {
    const [multi, sync] = summarise(await all());
    expect(multi.metrics["intra-lpips"]).not.toHaveProperty("difference");
    const { value, difference } = sync.metrics["intra-lpips"];
    expect(difference?.mean).toBeCloseTo(value.mean - multi.metrics["intra-lpips"].value.mean, 12);
    expect(value.count).toBe(3);
  });

  test("becomes a page that fetches nothing and escapes every text", async () => {
    const found = await all({ seeds: [1, 2] });
    const page = comparePage({
      prompt: '<b>"hills"</b>',
      facts: "<i>toy</i>",
      command: "veduta compare '<x>'",
      summaries: summarise(found),
      titles: { multi: "MultiDiffusion", sync: "Sync<Diffusion>", spot: "SpotDiffusion" },
      metrics: [{ name: "intra-lpips", title: "Intra-LPIPS", better: "lower" }],
      seeds: [{ seed: 1, pictures: [{ method: "multi", src: "data:image/webp;base64,AA" }] }],
    });
    for (const text of ["<b>", "<i>", "<x>", "Sync<"]) expect(page).not.toContain(text);
    expect(page).toContain("default-src 'none'");
    expect(page.match(/<circle/g)).toHaveLength(3);
    expect(page).toContain("&lt;b&gt;&quot;hills&quot;&lt;/b&gt;, MultiDiffusion, seed 1");
  });
});
