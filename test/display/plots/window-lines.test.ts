import { describe, expect, test } from "vitest";
import { gradientPlot, lossPlot } from "#kernel-lib/display/plots/window-lines.js";
import { runIdOf } from "#kernel-lib/display/run-id.js";
import { escapeHtml } from "#kernel-lib/pages/html.js";
import { paintedRun } from "../../fixtures/painted-run.js";
import { numbersOf, plotted } from "./plotted.js";

const steps = numbersOf(paintedRun({ steps: 6 }));
const four = (x: number | undefined) => Number(x?.toPrecision(4));

describe("the plot of distances", () => {
  test("has a line for every window but the anchor, with its measured distances, and says window, step and value", async () => {
    const { data, spec } = await plotted(lossPlot(steps));
    const lines = data.filter((_, k) => typeof spec.link?.lines?.[k] === "number" && spec.link.lines[k] !== 10);
    expect(lines).toHaveLength(23);
    const window = spec.link?.lines?.indexOf(3) ?? -1;
    expect(data[window].x).toEqual([0, 1, 2, 3, 4, 5]);
    expect(data[window].y).toEqual(steps.map(({ windows }) => four(windows[3].loss)));
    expect(data[window].hovertemplate).toBe("window 3, step %{x}: %{y:.3~r}<extra></extra>");
  });
  test("its mean is of all windows but the anchor", async () => {
    const mean = (await plotted(lossPlot(steps))).data.find(({ name }) => name === "mean");
    const of = steps.map(({ windows, anchor }) => {
      const others = windows.filter((_, j) => j !== anchor).map(({ loss }) => loss ?? 0);
      return four(others.reduce((a, b) => a + b, 0) / others.length);
    });
    expect(mean?.y).toEqual(of);
  });
  test("the anchor's line is dashed and 0; it is in the legend of the linear axis alone, where it is drawn", async () => {
    const { data, layout } = await plotted(lossPlot(steps));
    const anchor = data[data.length - 1];
    expect(anchor).toMatchObject({ name: "anchor: window 10", showlegend: false, line: { dash: "dash" }, y: [0, 0, 0, 0, 0, 0] });
    const [log, linear] = layout.updatemenus[0].buttons;
    expect(log.args).toEqual([{ showlegend: false }, expect.objectContaining({ "yaxis.type": "log" }), [data.length - 1]]);
    expect(linear.args).toEqual([{ showlegend: true }, expect.objectContaining({ "yaxis.type": "linear" }), [data.length - 1]]);
  });
  test("has no ticks between steps, however few", async () => {
    expect((await plotted(lossPlot(steps.slice(0, 3)))).layout.xaxis).toMatchObject({ dtick: 1, tickformat: "d" });
    expect((await plotted(lossPlot(numbersOf(paintedRun({ steps: 9 }))))).layout.xaxis.dtick).toBeUndefined();
  });
  test("has room before its first step and after its last", async () => {
    const [from, to] = (await plotted(lossPlot(steps))).layout.xaxis.range ?? [];
    expect([from < 0, to > 5, to - from < 5.5]).toEqual([true, true, true]);
  });
  test("begins with the scale that was asked for", async () => {
    expect((await plotted(lossPlot(steps))).layout.yaxis.type).toBe("log");
    const linear = (await plotted(lossPlot(steps, { scale: "linear" }))).layout;
    expect([linear.yaxis.type, linear.updatemenus[0].active]).toEqual(["linear", 1]);
  });
  test("joins the steps that were synchronised, and leaves the others out", async () => {
    const some = steps.map((step, k) =>
      k % 2 === 0 ? step : { ...step, windows: step.windows.map(({ loss: _, gradientNorm: __, ...w }) => w) },
    );
    const { data } = await plotted(lossPlot(some));
    expect(data[0].x).toEqual([0, 2, 4]);
  });
  test("one step is drawn as points", async () => {
    expect((await plotted(lossPlot(steps.slice(0, 1)))).data[0].mode).toBe("markers");
  });
  test("tells its numbers in words, and what run it is of", async () => {
    const { text, html, spec, data } = await plotted(lossPlot(steps));
    const mean = data.find(({ name }) => name === "mean")?.y as number[];
    expect(text).toContain(
      `23 windows over steps 0 to 5, anchor window 10. Their mean goes from ${Number(mean[0].toPrecision(3))} to ${Number(mean[5].toPrecision(3))}`,
    );
    expect(html).toContain(`alt="${escapeHtml(text.slice(1, -1))}"`);
    expect(spec.link?.run).toBe(runIdOf(steps));
  });
  test("a title with markup stays text, in the page, in its script and in Plotly", async () => {
    const wicked = `</script><img src=x onerror="alert(1)"> & <b>`;
    const { html, layout } = await plotted(lossPlot(steps, { title: wicked }));
    expect(html.match(/<img/g)).toHaveLength(1);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(layout.title.text).toBe('&lt;/script&gt;&lt;img src=x onerror="alert(1)"&gt; &amp; &lt;b&gt;');
  });
  test("where nothing was synchronised a sentence says so, and no steps are refused", async () => {
    const multi = await lossPlot(numbersOf(paintedRun({ steps: 2, method: "multi" }))).bundle();
    expect(multi["text/plain"]).toMatch(/^This method measures no distances between its windows/);
    const bare = steps.map((step) => ({ ...step, windows: step.windows.map(({ loss: _, gradientNorm: __, ...w }) => w) }));
    expect((await lossPlot(bare).bundle())["text/html"]).toMatch(/^<p class="veduta-note">None of these steps was synchronised/);
    expect(() => lossPlot([])).toThrow(new RangeError("lossPlot: got no steps, want at least one record of a run"));
  });
});

describe("the plot of gradients", () => {
  test("has the norms of the windows' gradients", async () => {
    const { data, layout } = await plotted(gradientPlot(steps));
    expect(data[3].y).toEqual(steps.map(({ windows }) => four(windows[3].gradientNorm)));
    expect(layout.yaxis.title.text).toBe("L2 norm of the gradient");
    expect(() => gradientPlot([])).toThrow(/^gradientPlot: got no steps/);
  });
});
