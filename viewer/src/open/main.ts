/**
 * @file The page viewer/index.html: it opens what is dropped on it, a panorama, several of them, or a run's folder. Nothing leaves the browser.
 * A file that is refused hides no other, and what a picture covers can be changed while it is shown.
 */
import type { FigureJob } from "../../../kernel-lib/pages/panorama-figure.js";
import { pageVariables, WARNING } from "../../../kernel-lib/panorama/colors.js";
import { comparedSpec } from "../../../kernel-lib/panorama/compared-spec.js";
import { stripCoverage } from "../../../kernel-lib/panorama/coverage.js";
import { make } from "../dom.js";
import { dropped } from "./dropped.js";
import type { Said } from "./file-coverage.js";
import { type Opened, openImage, openRun } from "./opened.js";

/** A picture of the bundled model as a data: URL, which the build puts in. */
declare const SAMPLE: string;
/** Milliseconds after the last key until a changed coverage is shown. */
const TYPED = 350;

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const [told, options, coversButton] = [at("told"), at("options"), at<HTMLButtonElement>("covers")];
let shown: readonly Opened[] = [];

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  document.documentElement.style.cssText = `${pageVariables(dark.matches ? "dark" : "light")}--warning:${WARNING}`;
};
dark.addEventListener("change", paint);
paint();

/** The values of the page's fields. */
const said = (): Said => ({
  haov: at<HTMLInputElement>("haov").valueAsNumber,
  vaov: at<HTMLInputElement>("vaov").valueAsNumber,
  projection: (at<HTMLSelectElement>("projection").value || undefined) as Said["projection"],
});

/** Shows what can be shown, and says of the rest why not. @param given groups of files: each is a run's files, or pictures */
async function openAll(given: readonly (readonly File[])[] | Promise<readonly (readonly File[])[]>): Promise<void> {
  const work = (await given).flatMap((files) => {
    const run = files.find(({ name }) => name === "run.json");
    return run ? [openRun(files, run)] : files.map((file) => openImage(file, said()));
  });
  const results = await Promise.allSettled(work);
  show(
    results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    results.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : [])),
  );
}

/** @param all what to show; nothing: what is shown stays @param refused what to say of files that were not taken */
function show(all: readonly Opened[], refused: readonly string[] = []): void {
  if (all.length > 0) {
    for (const { src } of shown) if (src.startsWith("blob:") && !all.some((one) => one.src === src)) URL.revokeObjectURL(src);
    shown = all;
    mount(all);
  }
  told.replaceChildren(
    shown.map((one) => `${one.name}: ${one.source}`).join(". "),
    ...(refused.length > 0 ? [make("ul", {}, ...refused.map((why) => make("li", {}, why)))] : []),
  );
}

function mount(all: readonly Opened[]): void {
  at("door").hidden = true;
  at("here").hidden = false;
  const [{ name, src, spec }] = all;
  at("here").replaceChildren(make("div", { id: "panorama", className: "veduta-panorama" }, make("img", { src, alt: name })));
  (globalThis as unknown as { __veduta: { push(job: FigureJob): void } }).__veduta.push(["panorama", "panorama", comparedSpec(all)]);
  coversButton.hidden = all.every(({ cover }) => cover === undefined);
  if (all.some(({ known }) => known === "guess")) unfold(true);
  document.body.classList.add("open");
  const { horizontal, vertical } = spec.coverage;
  for (const [id, degrees] of [
    ["haov", horizontal],
    ["vaov", vertical],
  ] as const) // what an empty field stands for
    at<HTMLInputElement>(id).placeholder = String(Math.round(degrees * 10) / 10);
}

function unfold(open: boolean): void {
  options.hidden = !open;
  coversButton.ariaExpanded = String(open);
}

let waiting = 0;
/** Shows the pictures with what the fields say now. */
function recover(): void {
  clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    try {
      show(shown.map((one) => one.cover?.(said()) ?? one));
    } catch (error) {
      show([], [(error as Error).message]);
    }
  }, TYPED);
}

for (const type of ["dragover", "dragleave", "drop"] as const)
  addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", type === "dragover");
    if (type === "drop" && event.dataTransfer) void openAll(dropped(event.dataTransfer));
  });
for (const id of ["files", "folder"])
  at<HTMLInputElement>(id).addEventListener("change", ({ target }) => void openAll([[...((target as HTMLInputElement).files ?? [])]]));
options.addEventListener("input", recover);
options.addEventListener("submit", (event) => event.preventDefault());
coversButton.addEventListener("click", () => unfold(options.hidden));
at<HTMLImageElement>("sample-picture").src = SAMPLE;
at("sample").addEventListener("click", () => {
  const coverage = stripCoverage({ width: 768, height: 128, edge: "wrap" });
  const caption = "Made by Veduta's bundled model with SyncDiffusion, in windows of 128 × 128 pixels.";
  show([{ name: "A sample", src: SAMPLE, spec: { coverage, caption }, source: "a full turn", known: "known" }]);
});
