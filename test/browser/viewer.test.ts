import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { panoramaFigure, viewerScript } from "#kernel-lib/pages/panorama-figure.js";
import { type Coverage, stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { launch, missing, open, type PageRoot, pages } from "./browser.js";
import { colourOf, cubePicture, direction, evenColourOf, picture } from "./test-panorama.js";

describe.skipIf(missing !== "")(`the viewer${missing}`, () => {
  const folder = pages();
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });
  const figure = async (image: Tensor, coverage: Coverage, id = "v") =>
    panoramaFigure(id, { src: dataUrl("image/png", await encodePng(image)), alt: "test", spec: { coverage } });
  const page = (...figures: string[]) =>
    folder.write(`<!doctype html><meta charset=utf-8>${figures.join("")}<script>${viewerScript()}</script>`);

  /** Sets states one after the other and reads points of the screen, given from its middle. */
  const look = async (file: string, states: object[], points: [number, number][]) => {
    const { page: tab, complaints } = await open(browser, file, { viewport: { width: 300, height: 400 } });
    const seen = await tab.evaluate(
      async ([wanted, at]) => {
        const root = document.querySelector(".veduta-panorama") as PageRoot;
        const canvas = root.querySelector("canvas") as HTMLCanvasElement;
        const all: number[][][] = [];
        for (const state of wanted) {
          root.viewer.state = state as Record<string, unknown>;
          await root.viewer.settled();
          // A copy is read, so that the viewer's own canvas stays on the graphics card.
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {
            willReadFrequently: true,
          }) as OffscreenCanvasRenderingContext2D;
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
          all.push(
            at.map(([u, v]) => {
              const k = Math.floor(((1 - v) / 2) * canvas.height) * canvas.width + Math.floor(((u + 1) / 2) * canvas.width);
              return [...data.subarray(4 * k, 4 * k + 3)];
            }),
          );
        }
        return { all, width: canvas.width, height: canvas.height };
      },
      [states, points] as const,
    );
    await tab.close();
    expect(complaints).toEqual([]);
    return seen;
  };

  const sources = [
    ["a full sphere", 1024, 512, { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" }],
    ["six faces of a cube", 1536, 256, { projection: "cube", horizontal: 360, vertical: 180, edge: "wrap" }],
    ["a looped cylinder strip", 1536, 256, stripCoverage({ width: 1536, height: 256, edge: "wrap" })],
    ["an open cylinder strip", 640, 256, stripCoverage({ width: 640, height: 256, edge: "open" })],
    ["a part of a sphere", 400, 300, { projection: "equirectangular", horizontal: 100, vertical: 75, edge: "open" }],
    [
      "a part of a sphere above the horizon",
      400,
      160,
      { projection: "equirectangular", horizontal: 100, vertical: 40, edge: "open", centre: 25 },
    ],
  ] as [string, number, number, Coverage][];
  const sights = ["perspective", "planet", "panini", "flat"].flatMap((projection) =>
    sources.map((source) => [projection, ...source] as const),
  );

  test.each(sights)("%s draws every direction of %s in its colour, within 2/255", async (projection, _, width, height, coverage) => {
    const rng = createRng(4);
    const places = Array.from({ length: coverage.edge === "wrap" ? 40 : 12 }, (_, k) => ({
      heading: (rng.uniform() - 0.5) * (coverage.horizontal - 20),
      pitch:
        coverage.vertical === 180
          ? [-90, 90, (rng.uniform() - 0.5) * 180][k % 3]
          : (coverage.centre ?? 0) + (rng.uniform() - 0.5) * coverage.vertical * 0.8,
      roll: k % 2 === 0 ? 0 : (rng.uniform() - 0.5) * 360,
    }));
    const states = [25, 60, 110].flatMap((fov) => places.map((place) => ({ ...place, fov, projection })));
    const points: [number, number][] = [
      [0, 0],
      [0.9, 0.8],
      [-0.5, 0.3],
      [0.2, -0.95],
      [-0.97, -0.1],
    ];
    const image = coverage.projection === "cube" ? cubePicture(height) : picture(width, height, coverage);
    const { all, width: w, height: h } = await look(page(await figure(image, coverage)), states, points);
    let [compared, worst, where] = [0, 0, ""];
    for (const [k, state] of states.entries())
      for (const [j, [u, v]] of points.entries()) {
        // the middle of the pixel that was read
        const at = [((Math.floor(((u + 1) / 2) * w) + 0.5) / w) * 2 - 1, 1 - ((Math.floor(((1 - v) / 2) * h) + 0.5) / h) * 2];
        const seen = direction(at[0], at[1], w / h, state);
        if (!seen) continue;
        const { pitch } = seen;
        const heading = ((((seen.heading + 180) % 360) + 360) % 360) - 180;
        if (
          Math.abs(heading) > coverage.horizontal / 2 - (coverage.edge === "wrap" ? 0 : 1) ||
          (projection === "flat" && coverage.edge === "open" && Math.abs(seen.heading) > 180) ||
          Math.abs(pitch - (coverage.centre ?? 0)) > coverage.vertical / 2 - (coverage.vertical === 180 ? 0 : 1)
        )
          continue;
        compared++;
        const wanted = (coverage.projection === "cube" ? evenColourOf : colourOf)(heading, pitch).map((x) => x * 255);
        const off = Math.max(...wanted.map((x, c) => Math.abs(x - all[k][j][c])));
        if (off > worst) [worst, where] = [off, `${JSON.stringify(state)} at ${u},${v}: ${all[k][j]} for ${wanted.map(Math.round)}`];
      }
    expect(worst, where).toBeLessThanOrEqual(2);
    expect(compared).toBeGreaterThan(0.8 * states.length);
  });

  test("a looped panorama shows no seam: across the cut colours differ as beside it", async () => {
    const coverage = stripCoverage({ width: 768, height: 128, edge: "wrap" });
    const points = Array.from({ length: 61 }, (_, k): [number, number] => [(k - 30) / 330, 0.1]);
    const file = page(await figure(picture(768, 128, coverage), coverage));
    for (const projection of ["perspective", "planet", "panini", "flat"])
      for (const fov of [30, 110]) {
        const { all } = await look(file, [{ heading: 180, fov, projection }], points);
        const steps = all[0].slice(1).map((colour, k) => Math.max(...colour.map((x, c) => Math.abs(x - all[0][k][c]))));
        expect(Math.max(...steps), `${projection} ${fov}`).toBeLessThanOrEqual(1 + Math.max(...steps.slice(0, 20)));
      }
  });

  test("outside an open panorama the edge fades into the page's background, without a jump", async () => {
    const coverage = stripCoverage({ width: 256, height: 256, edge: "open" });
    const points = Array.from({ length: 331 }, (_, k): [number, number] => [k / 331, 0]);
    const { all } = await look(page(await figure(picture(256, 256, coverage), coverage)), [{ heading: 15, fov: 60 }], points);
    const steps = all[0].slice(1).map((colour, k) => Math.max(...colour.map((x, c) => Math.abs(x - all[0][k][c]))));
    expect(Math.max(...steps)).toBeLessThanOrEqual(6);
    expect(all[0][330]).toEqual([236, 233, 228]); // --veduta-space, light
  });

  test("draws on demand: an idle viewer draws nothing", async () => {
    const coverage = stripCoverage({ width: 256, height: 64, edge: "wrap" });
    const { page: tab } = await open(browser, page(await figure(picture(256, 64, coverage), coverage)));
    const drawn = await tab.evaluate(async () => {
      const root = document.querySelector(".veduta-panorama") as PageRoot;
      await root.viewer.settled();
      let count = 0;
      root.addEventListener("veduta:drawn", () => count++);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const idle = count;
      root.viewer.state = { heading: 10 };
      root.viewer.state = { heading: 20 };
      await root.viewer.settled();
      return { idle, moved: count };
    });
    expect(drawn).toEqual({ idle: 0, moved: 1 });
    await tab.close();
  });

  test("many viewers share one WebGL context, and a removed one leaves its still picture", async () => {
    const coverage = stripCoverage({ width: 256, height: 64, edge: "wrap" });
    const image = picture(256, 64, coverage);
    const figures = await Promise.all(Array.from({ length: 30 }, (_, k) => figure(image, coverage, `v${k}`)));
    let contexts = 0;
    const { page: tab, complaints } = await open(browser, page(...figures), {
      prepare: async (made) => {
        await made.exposeFunction("counted", () => contexts++);
        await made.addInitScript(() => {
          const real = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
            if (kind.startsWith("webgl")) void (globalThis as unknown as { counted: () => void }).counted();
            return (real as (...all: unknown[]) => unknown).call(this, kind, ...rest);
          } as typeof real;
        });
      },
    });
    const live = await tab.evaluate(async () => {
      const roots = [...document.querySelectorAll<PageRoot>(".veduta-panorama")];
      for (const root of roots) await root.viewer.settled();
      const count = roots.filter((root) => root.dataset.state === "live").length;
      roots[3].viewer.dispose();
      return { count, left: roots[3].children.length, visible: (roots[3].querySelector("img") as HTMLElement).offsetHeight > 0 };
    });
    expect(live).toEqual({ count: 30, left: 1, visible: true });
    expect(contexts).toBe(1);
    expect(complaints).toEqual([]);
    await tab.close();
  });
});
