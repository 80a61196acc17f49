import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { duration } from "#kernel-lib/core/words.js";
import { report } from "#kernel-lib/pages/report.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import type { ReportRun, RunInfo, StepNumbers } from "#kernel-lib/runs/run-data.js";
import { type PaintedOptions, paintedRun } from "../fixtures/painted-run.js";

const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));

async function reportOf(options: PaintedOptions = {}, changes: Partial<RunInfo> = {}): Promise<{ html: string; run: ReportRun }> {
  const painted = paintedRun({ steps: 3, ...options });
  const { width, height } = painted.options;
  const info: RunInfo = {
    format: 1,
    complete: true,
    method: painted.method,
    options: { ...painted.options },
    model: painted.model,
    batch: painted.batch,
    versions: { veduta: "0.0.0", node: "20.0.0" },
    width,
    height,
    scaleFactor: painted.scaleFactor,
    coverage: stripCoverage({ width, height, edge: "loop" in painted.options && painted.options.loop ? "wrap" : "open" }),
    started: "2026-01-01T00:00:00.000Z",
    seconds: 75,
    ...changes,
  };
  const steps: StepNumbers[] = painted.steps.map(({ preview: _, ...step }) => step);
  const run: ReportRun = { info, steps, picture: { type: "image/png", bytes: await encodePng(painted.result.panorama) } };
  return { html: report(run), run };
}
/** The page without the viewer's script, which is not ours to search. */
const own = (html: string): string => html.replace(/<script>(?!\(globalThis\.__veduta=)[\s\S]*?<\/script>/, "");

describe.skipIf(!built)("a report (needs the built viewer: npm run build)", () => {
  test("holds everything in one file: no address but data: and the namespaces, and a policy that lets nothing be fetched", async () => {
    const html = own((await reportOf()).html);
    expect(
      [...html.matchAll(/(?:src|href)="([^"]{0,20})/g)].map(([, address]) => address).filter((address) => !address.startsWith("data:")),
    ).toEqual([]);
    expect(html).not.toMatch(/https?:|url\(|@import/);
    expect(html).toContain("default-src 'none'");
  });
  test("embeds the panorama once: the viewer and the strip take it from the same element", async () => {
    const { html, run } = await reportOf();
    const base64 = Buffer.from(run.picture?.bytes ?? []).toString("base64");
    expect(html.split(base64)).toHaveLength(2);
  });
  test("keeps wicked text as text wherever it shows", async () => {
    const wicked = `<script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
    const { html } = await reportOf(
      { prompt: wicked, negativePrompt: wicked },
      { complete: false, stopped: wicked, model: { name: wicked, digest: wicked, device: wicked, threads: 1 } },
    );
    expect(own(html)).not.toMatch(/<script>alert|<img src=x/);
    expect(own(html).match(/&lt;script&gt;alert\(1\)/g)?.length).toBeGreaterThanOrEqual(7);
  });
  test("shows every option and the command that repeats the run, quoted for the shell", async () => {
    const { html } = await reportOf({ prompt: "it's dusk" });
    expect(html).toContain(
      "veduta paint &#39;it&#39;\\&#39;&#39;s dusk&#39; --method sync --width 768 --height 128 --loop --seed 7 --steps 3",
    );
    expect(html).toContain(
      "--weight 20 --decay 0.95 --sync-every 1 --sync-steps 3 --anchor 10 --model models/painted --device cpu --threads 2",
    );
    for (const name of ["guidanceScale<small>how strongly the prompt is followed</small>", "checkpoint digest"])
      expect(html).toContain(`<th scope="row">${name}</th>`);
  });
  test("says that MultiDiffusion does not measure its windows, and draws no chart of it", async () => {
    const html = own((await reportOf({ method: "multi" })).html);
    expect(html).toContain("MultiDiffusion does not measure its windows");
    expect(html).not.toMatch(/class="cells"|class="plot"|--weight/);
  });
  test("tells of a run that stopped, also before its first step", async () => {
    expect((await reportOf({}, { complete: false, stopped: "NaN in step 4" })).html).toContain(
      "This run stopped after 3 steps: NaN in step 4.",
    );
    const { run } = await reportOf({}, { complete: false });
    const html = report({ info: run.info, steps: [] });
    expect(html).toContain("stopped after 0 steps");
    expect(html).not.toMatch(/NaN|undefined|<img/);
  });
  test("has no number that is none", async () => {
    for (const options of [{}, { loop: false }, { steps: 1 }, { method: "multi" }, { width: 128, loop: false }] as const)
      expect(own((await reportOf(options)).html)).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});

test("durations are read at a glance", () => {
  expect([0.25, 41.26, 75, 3600 * 2 + 65].map(duration)).toEqual(["0.25 s", "41.3 s", "1 min 15 s", "2 h 1 min"]);
});
