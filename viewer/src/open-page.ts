/** @file The page that opens what is dropped on it: a panorama, several of them, or a run's folder. Nothing leaves the browser. */
import type { FigureJob, PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { VIRIDIS_STEPS } from "../../kernel-lib/panorama/colors.js";
import type { RunInfo, StepNumbers } from "../../kernel-lib/runs/run-data.js";
import { make } from "./dom.js";
import { fileCoverage, type Said } from "./file-coverage.js";

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const status = at("told");

interface Opened {
  readonly name: string;
  readonly src: string;
  readonly spec: PanoramaSpec;
  readonly source: string;
}

/** The values of the page's fields. */
const said = (): Said => ({
  haov: at<HTMLInputElement>("haov").valueAsNumber,
  vaov: at<HTMLInputElement>("vaov").valueAsNumber,
  projection: at<HTMLSelectElement>("projection").value as Said["projection"],
});

/** @param given groups of files: each is a run's files, or pictures */
async function openAll(given: readonly (readonly File[])[] | Promise<readonly (readonly File[])[]>): Promise<void> {
  try {
    const shown = await Promise.all(
      (await given).flatMap((files) => {
        const run = files.find(({ name }) => name === "run.json");
        return run ? [openRun(files, run)] : files.map(openImage);
      }),
    );
    if (shown.length > 0) show(shown);
  } catch (error) {
    status.textContent = (error as Error).message;
  }
}

function show(all: readonly Opened[]): void {
  const [{ name, src, spec }, ...rest] = all;
  const others = rest.map((one) => ({ src: one.src, label: one.name, coverage: one.spec.coverage, steps: one.spec.steps }));
  const whole: PanoramaSpec = others.length > 0 ? { ...spec, label: name, others, state: { compare: "swipe" } } : spec;
  at("here").replaceChildren(make("div", { id: "panorama", className: "veduta-panorama" }, make("img", { src, alt: name })));
  (globalThis as unknown as { __veduta: { push(job: FigureJob): void } }).__veduta.push(["panorama", "panorama", whole]);
  status.textContent = all.map((one) => `${one.name}: ${one.source}`).join(". ");
}

async function openImage(file: File): Promise<Opened> {
  const src = URL.createObjectURL(file);
  const image = make("img", { src });
  await image.decode().catch(() => {
    throw new Error(`${file.name}: got a file that this browser cannot show, want a PNG, JPEG or WebP`);
  });
  const { naturalWidth: width, naturalHeight: height } = image;
  const { coverage, source } = fileCoverage({ name: file.name, text: await file.text(), width, height }, said());
  return { name: file.name, src, spec: { coverage }, source };
}

async function openRun(files: readonly File[], runFile: File): Promise<Opened> {
  const info = JSON.parse(await runFile.text()) as RunInfo;
  const named = (name: string) => files.find((file) => file.name === name);
  const numbers = JSON.parse((await named("steps.json")?.text()) ?? "{}") as { steps?: StepNumbers[] };
  const foreseen = files
    .filter(({ name }) => /^\d{3,}\.jpg$/.test(name))
    .sort((a, b) => Number.parseInt(a.name, 10) - Number.parseInt(b.name, 10));
  const last = named("panorama.png") ?? foreseen[foreseen.length - 1];
  if (!last || !info.coverage) throw new Error(`${runFile.name}: want a run's folder with run.json and panorama.png or foreseen pictures`);
  const steps = foreseen.map((file) => ({ src: URL.createObjectURL(file), label: `step ${Number.parseInt(file.name, 10)}` }));
  const { width, height, scaleFactor, coverage } = info;
  const windows = numbers.steps?.length
    ? {
        width: width / scaleFactor,
        height: height / scaleFactor,
        steps: numbers.steps,
        stepOf: foreseen.map(({ name }) => Number.parseInt(name, 10)),
        colours: VIRIDIS_STEPS,
      }
    : undefined;
  const name = String(info.options.prompt ?? "run");
  return {
    name,
    src: URL.createObjectURL(last),
    spec: { coverage, steps: steps.length > 1 ? steps : undefined, windows },
    source: "a run",
  };
}

type Item = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };

/** The files of a drop: loose files, and those of each folder. All items are read at once, because they are invalid after the event. */
async function dropped({ items }: DataTransfer): Promise<File[][]> {
  const loose: File[] = [];
  const folders = [...items].map(async (item: Item): Promise<File[]> => {
    const [file, entry] = [item.getAsFile(), item.webkitGetAsEntry()];
    if (!entry?.isDirectory) {
      if (file) loose.push(file);
      return [];
    }
    // On a file: page Chromium gives no folder entries, but it gives handles.
    const handle = await item.getAsFileSystemHandle?.();
    return handle ? filesOf(handle as FileSystemDirectoryHandle) : filesBelow(entry as FileSystemDirectoryEntry);
  });
  return [loose, ...(await Promise.all(folders))];
}

async function filesOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const found: File[] = [];
  for await (const handle of folder.values())
    found.push(
      ...(handle.kind === "file" ? [await (handle as FileSystemFileHandle).getFile()] : await filesOf(handle as FileSystemDirectoryHandle)),
    );
  return found;
}

async function filesBelow(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (let more = true; more; ) {
    const part = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    found.push(...part);
    more = part.length > 0;
  }
  const files = found.map((entry) =>
    entry.isFile
      ? new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))
      : filesBelow(entry as FileSystemDirectoryEntry),
  );
  return (await Promise.all<File | File[]>(files)).flat();
}

for (const type of ["dragover", "dragleave", "drop"] as const)
  addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", type === "dragover");
    if (type === "drop" && event.dataTransfer) void openAll(dropped(event.dataTransfer));
  });
for (const id of ["files", "folder"])
  at<HTMLInputElement>(id).addEventListener("change", (event) => void openAll([[...((event.target as HTMLInputElement).files ?? [])]]));
