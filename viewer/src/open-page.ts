/** @file The page that opens whatever is dropped on it: a panorama, several of them, or a run's folder. All stays in the browser. */
import type { Coverage } from "../../kernel-lib/notebook/coverage.js";
import type { FigureJob, PanoramaSpec } from "../../kernel-lib/notebook/figure.js";
import type { RunInfo, StepNumbers } from "../../kernel-lib/notebook/run-data.js";
import { make } from "./dom.js";

const at = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const told = at("told");
/** Colours of the scale of distances: viridis at its nine steps (CC0, see kernel-lib/notebook/colors.ts). */
const COLOURS = ["#440154", "#472c7a", "#3b518b", "#2c718e", "#21908d", "#27ad81", "#5cc863", "#aadc32", "#fde725"];

interface Opened {
  readonly name: string;
  readonly src: string;
  readonly spec: PanoramaSpec;
  readonly source: string;
}

/** @param given files that belong together: a run's, or pictures */
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
    told.textContent = (error as Error).message;
  }
}

function show(all: readonly Opened[]): void {
  const [{ name, src, spec }, ...rest] = all;
  const others = rest.map((one) => ({ src: one.src, label: one.name, coverage: one.spec.coverage, steps: one.spec.steps }));
  const whole: PanoramaSpec = others.length > 0 ? { ...spec, label: name, others, state: { compare: "swipe" } } : spec;
  at("here").replaceChildren(make("div", { id: "panorama", className: "veduta-panorama" }, make("img", { src, alt: name })));
  (globalThis as unknown as { __veduta: { push(job: FigureJob): void } }).__veduta.push(["panorama", "panorama", whole]);
  told.textContent = all.map((one) => `${one.name}: ${one.source}`).join(". ");
}

async function openImage(file: File): Promise<Opened> {
  const src = URL.createObjectURL(file);
  const image = make("img", { src });
  await image.decode().catch(() => {
    throw new Error(`${file.name}: got no picture that this browser shows, want a PNG, JPEG or WebP`);
  });
  const { coverage, source } = await imageCoverage(file, image.naturalWidth, image.naturalHeight);
  return { name: file.name, src, spec: { coverage }, source };
}

/** As `veduta view` takes an image: what is said of it, else its GPano tags, else 2:1 is a full sphere. */
async function imageCoverage(file: File, width: number, height: number): Promise<{ coverage: Coverage; source: string }> {
  const [haov, vaov] = ["haov", "vaov"].map((id) => at<HTMLInputElement>(id).valueAsNumber);
  const projection = at<HTMLSelectElement>("projection").value as Coverage["projection"];
  if (projection === "cube")
    return { coverage: { projection, horizontal: 360, vertical: 180, edge: "wrap" }, source: "six faces of a cube" };
  if (haov > 0 && haov <= 360) {
    const angle = ((haov * Math.PI) / 180 / width) * height;
    const following = projection === "cylinder" ? 2 * Math.atan(angle / 2) : angle;
    const vertical = vaov > 0 ? vaov : (following * 180) / Math.PI;
    return {
      coverage: { projection, horizontal: haov, vertical: Math.min(180, vertical), edge: haov === 360 ? "wrap" : "open" },
      source: "as said",
    };
  }
  const tag = gpanoTags(await file.text());
  const [fullWidth, fullHeight, across, down, top] = [
    "FullPanoWidth",
    "FullPanoHeight",
    "CroppedAreaImageWidth",
    "CroppedAreaImageHeight",
    "CroppedAreaTop",
  ].map(tag);
  if (fullWidth && fullHeight && across && down && top !== undefined) {
    const [horizontal, vertical] = [(360 * across) / fullWidth, (180 * down) / fullHeight];
    const centre = 90 - (180 * (top + down / 2)) / fullHeight;
    return {
      coverage: { projection: "equirectangular", horizontal, vertical, edge: horizontal === 360 ? "wrap" : "open", centre },
      source: "by its GPano tags",
    };
  }
  if (width === height * 2)
    return {
      coverage: { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" },
      source: "a full sphere, because it is twice as wide as high",
    };
  throw new Error(
    `${file.name}: ${width} × ${height} pixels, no 2:1 sphere and without GPano tags; say how many degrees it covers, and drop it again`,
  );
}

const gpanoTags =
  (text: string) =>
  (tag: string): number | undefined => {
    const found = new RegExp(`GPano:${tag}Pixels(?:>|\\s*=\\s*["'])\\s*(\\d+)`).exec(text);
    return found ? Number(found[1]) : undefined;
  };

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
        colours: COLOURS,
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

/** The files of a drop: those that lie loose, and those of each folder. All is asked of the items at once: after the event they are gone. */
async function dropped({ items }: DataTransfer): Promise<File[][]> {
  const loose: File[] = [];
  const folders = [...items].map(async (item: Item): Promise<File[]> => {
    const [file, entry] = [item.getAsFile(), item.webkitGetAsEntry()];
    if (!entry?.isDirectory) {
      if (file) loose.push(file);
      return [];
    }
    // Chromium gives a page that is itself a file no entries of a folder, but handles.
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
