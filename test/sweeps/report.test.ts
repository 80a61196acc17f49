/** The report and the table of a sweep: any text stays text, and every run has a row. */
import { existsSync, readFileSync } from "node:fs";
import { JSDOM } from "jsdom";
import { afterAll, expect, test } from "vitest";
import { paintRun } from "#kernel-lib/sweeps/paint-run.js";
import { writeFailed } from "#kernel-lib/sweeps/sweep-folder.js";
import { writeReport } from "#kernel-lib/sweeps/sweep-report.js";
import { sweepRows, variants } from "#kernel-lib/sweeps/sweep-rows.js";
import { csvCell } from "#kernel-lib/sweeps/sweep-table.js";
import { temporary, toySweep, toyWorker } from "./toy-sweep.js";

const { at, remove } = temporary("sweep-report");
afterAll(remove);

test("a report names variants, subjects and failures, shows a thumbnail for each run, and runs nothing that a prompt says", async () => {
  const prompt = '<script>alert("hills")</script>';
  const grid = { prompt: [prompt, "sea, at noon"], seed: [1, 2], method: ["multi", "sync"], weight: [5, 7] };
  const folder = await toySweep({ format: 1, fixed: { width: 32, steps: 2 }, grid }, at("report"));
  expect(folder.runs).toHaveLength(12);
  for (const run of folder.runs.slice(0, -2)) await paintRun(toyWorker(), folder, run);
  const failure = { name: "Error", message: "<b>out</b> of luck", attempts: 3, host: "here", time: "2026-01-01T00:00:00.000Z" };
  await writeFailed(folder.dir, folder.runs[10].key, failure);
  const file = await writeReport(folder, await sweepRows(folder));
  const { document } = new JSDOM(readFileSync(file, "utf8")).window;
  expect(document.querySelectorAll("script")).toHaveLength(0);
  expect([...document.querySelectorAll("h3")].map((each) => each.textContent)).toEqual([prompt, "sea, at noon"]);
  const pictures = [...document.querySelectorAll<HTMLImageElement>(".runs img")];
  expect(pictures).toHaveLength(10);
  for (const picture of pictures) {
    expect(existsSync(at("report", picture.getAttribute("src") as string))).toBe(true);
    expect(existsSync(at("report", picture.closest("a")?.getAttribute("href") as string))).toBe(true);
  }
  const text = document.body.textContent ?? "";
  expect(text).toContain("10 of 12 runs of ");
  expect(text).toContain("Error: <b>out</b> of luck");
  expect(text).toContain("1 run is not there yet");
  for (const variant of ["MultiDiffusion", "SyncDiffusion, weight 5", "SyncDiffusion, weight 7"]) expect(text).toContain(variant);
  const [head, ...lines] = readFileSync(at("report", "table.csv"), "utf8").trim().split("\n");
  expect(head).toBe(
    "key,state,method,width,steps,prompt,seed,weight,height,seconds,device,precision,version,last loss,last gradientNorm,error",
  );
  expect(lines).toHaveLength(12);
  expect(lines[0]).toContain(',"<script>alert(""hills"")</script>",1,,16,');
  expect(lines.map((line) => line.split(",")[1])).toEqual([...Array(10).fill("there"), "failed", "missing"]);
});

test("runs of one variant differ in what they show alone", async () => {
  const grid = { seed: [1, 2], prompt: ["a", "b"], method: ["sync"], guidanceScale: [1, 2] };
  const { runs } = await toySweep({ format: 1, fixed: { width: 32, steps: 2 }, grid }, at("variants"));
  const variantOf = variants(runs);
  expect(new Set(runs.map(variantOf))).toEqual(new Set(["SyncDiffusion, guidanceScale 1", "SyncDiffusion, guidanceScale 2"]));
});

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@x", "'@x"],
  ['a "b", c', '"a ""b"", c"'],
  ["=a,b", `"'=a,b"`],
  [-1.5, "-1.5"],
  [undefined, ""],
  [["a", "b"], '"a, b"'],
])("a CSV cell of %j is %s: quoted, and no formula", (value, cell) => expect(csvCell(value)).toBe(cell));
