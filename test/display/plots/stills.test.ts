import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { figure } from "#kernel-lib/display/plots/figure.js";
import { lossPlot } from "#kernel-lib/display/plots/window-lines.js";
import { viridis } from "#kernel-lib/panorama/colors.js";
import { paintedRun } from "../../fixtures/painted-run.js";
import { near, numbersOf, plotted, stillOf } from "./plotted.js";

/** No margins: the axes' corners are the picture's. */
const bare = (range: readonly [number, number]) => ({
  margin: { l: 0, r: 0, t: 0, b: 0 },
  xaxis: { range: [0, 4], visible: false },
  yaxis: { range, visible: false },
  showlegend: false,
});

describe("a still picture", () => {
  test("is a PNG of 768 pixels at two dots each, as high as the figure, on opaque white", async () => {
    const still = await stillOf(figure([{ x: [0, 4], y: [0, 0] }], bare([-1, 1]), { height: 200 }));
    expect([still.width, still.height, still.at(10, 10)]).toEqual([1536, 400, [255, 255, 255]]);
  });
  test("has bars and lines where their numbers are", async () => {
    const { at } = await stillOf(
      figure(
        [
          { type: "bar", x: [1], y: [3], width: 1, marker: { color: "#0072B2" } },
          { type: "scatter", mode: "lines", x: [2, 4], y: [1, 1], line: { color: "#D55E00", width: 6 } },
        ],
        bare([0, 4]),
        { height: 400 },
      ),
    );
    expect([at(180, 390), at(180, 110), at(180, 90), at(80, 390)]).toEqual(["#0072b2", "#0072b2", "#ffffff", "#ffffff"].map(near));
    expect([at(540, 300), at(540, 310), at(340, 300)]).toEqual(["#d55e00", "#ffffff", "#ffffff"].map(near));
  });
  test("has the cells of a heat map, of even and of uneven columns, and a gap where a number is missing", async () => {
    const scale = [
      [0, viridis(0)],
      [1, viridis(1)],
    ];
    for (const x of [undefined, [0, 3, 4]]) {
      const z = [
        [0, 1],
        [1, Number.NaN],
      ];
      const { at } = await stillOf(
        figure(
          [{ type: "heatmap", x, y: x && [0, 2, 4], z, colorscale: scale, showscale: false }],
          x
            ? bare([0, 4])
            : { ...bare([0, 4]), xaxis: { range: [-0.5, 1.5], visible: false }, yaxis: { range: [-0.5, 1.5], visible: false } },
          { height: 400 },
        ),
      );
      expect([at(180, 300), at(630, 300), at(180, 100), at(630, 100)]).toEqual([viridis(0), viridis(1), viridis(1), "#ffffff"].map(near));
    }
  });
  test("of the distances shows the mean's line, thick and dark", async () => {
    const steps = numbersOf(paintedRun({ steps: 3 })).map((step) => ({
      ...step,
      windows: step.windows.map((w) => ({ ...w, loss: w.loss && 0.5 })),
    }));
    const { at } = await stillOf(lossPlot(steps, { scale: "linear" }));
    const column = Array.from({ length: 380 }, (_, y) => at(300, y));
    expect(column.filter((colour) => Math.max(...colour) < 60).length).toBeGreaterThanOrEqual(3);
  });
  test("of a trace that only a browser draws is a sentence, not an empty picture", async () => {
    for (const type of ["surface", "scattergl", "scattermap", "parcoords"]) {
      const { at, height } = await stillOf(figure([{ type }]));
      expect(height).toBe(800);
      const middle = Array.from({ length: 400 * 40 }, (_, k) => at(160 + (k % 400), 190 + Math.floor(k / 400)));
      expect(
        middle.some((colour) => Math.max(...colour) < 128),
        type,
      ).toBe(true);
    }
  });
  test("does not keep a script from ending", () => {
    const code = `const { figure } = await import("veduta"); const b = await figure([{ y: [1, 2] }]).bundle(); console.log(b["text/plain"]);`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { timeout: 60_000, encoding: "utf8" });
    expect([stdout.trim(), status]).toEqual(["[Figure of scatter]", 0]);
  });
});

describe("a figure of any data", () => {
  test("takes typed arrays; a number that is not finite is a gap; width and height are the page's and its own", async () => {
    const { data, spec, layout } = await plotted(
      figure([{ y: Float32Array.of(1, 0.5, Number.NaN) }], { height: 250, width: 10, title: { text: "<b>One</b>" } }),
    );
    expect(data[0].y).toEqual([1, 0.5, null]);
    expect([spec.height, layout.width, layout.height]).toEqual([250, undefined, undefined]);
  });
  test("a text is a title as good as Plotly's { text }, of the figure and of its axes", async () => {
    const { spec } = await plotted(
      figure([{ y: [1] }], { title: "Losses", xaxis: { title: "step" }, yaxis2: { title: { text: "LPIPS" } } }),
    );
    expect(spec.layout).toMatchObject({
      title: { text: "Losses" },
      xaxis: { title: { text: "step" } },
      yaxis2: { title: { text: "LPIPS" } },
    });
  });

  test("is described by its title, its traces, or what is given", async () => {
    expect((await plotted(figure([{ y: [1] }], { title: { text: "<b>One</b> & two" } }))).text).toBe("[One & two]");
    expect((await plotted(figure([{ type: "bar", name: "seams" }, {}]))).text).toBe("[Figure of seams: bar, scatter]");
    expect((await plotted(figure([], {}, { alt: "<nothing>" }))).html).toContain('alt="&lt;nothing&gt;"');
  });
  test("refuses what a page cannot take, and says where it is", () => {
    expect(() => figure([{ y: [1], transform: () => 1 }])).toThrow("figure: got a function at data[0].transform, want plain data");
    expect(() => figure([], { n: 1n })).toThrow("figure: got a bigint at layout.n");
    expect(() => figure({ y: [1] } as never)).toThrow("figure: got object as data, want a list of traces");
  });
});
