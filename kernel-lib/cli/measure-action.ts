/** @file The action of `veduta measure`. */
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { decodeImage, encodeWebp } from "../core/image.js";
import { counted } from "../core/words.js";
import { writeWhole } from "../core/write-whole.js";
import { progressLine } from "../display/progress-line.js";
import type { DeviceChoice } from "../engine/device.js";
import { dataUrl } from "../pages/html.js";
import { differenceText, intervalText, measureCsv, measurePage, shownColumns } from "../pages/measure-page.js";
import type { MetricNetworkName } from "../pipelines/metric-networks.js";
import { measureByName } from "../runs/measure/measure-by-name.js";
import type { Measured } from "../runs/measure/measure-folders.js";
import { type CliDeps, InterruptedError, UsageError } from "./command.js";

/** The flags of `veduta measure`. */
export interface MeasureFlags {
  readonly metrics?: readonly string[];
  readonly against?: string;
  readonly networks: readonly MetricNetworkName[];
  readonly weights?: string;
  readonly crop?: number;
  readonly model?: string;
  readonly device: DeviceChoice;
  readonly threads?: number;
  readonly format: "table" | "csv" | "json";
  readonly out?: string;
}

/** Pictures of each folder on the page. */
const SHOWN = 12;

/** Measures and prints. @throws UsageError for a metric that is none; InterruptedError if the user stops it: the features so far are kept */
export async function measureAction(dirs: readonly string[], flags: MeasureFlags, { stdout, stderr, onInterrupt }: CliDeps): Promise<void> {
  const { format, out, ...options } = flags;
  const stop = new AbortController();
  const stopListening = onInterrupt(() => stop.abort());
  const line = progressLine(stderr);
  let measured: Measured;
  try {
    const progress = (done: number, all: number) => line.show(done / all, `${done} of ${counted(all, "picture")}`);
    measured = await measureByName(dirs, { ...options, progress, signal: stop.signal });
  } catch (error) {
    if (stop.signal.aborted)
      throw new InterruptedError("Stopped; the features so far are kept, so that the next measurement goes on from them.");
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  } finally {
    line.end();
    stopListening();
  }
  const json = `${JSON.stringify(measured, null, 2)}\n`;
  stdout.write(format === "json" ? json : format === "csv" ? measureCsv(measured) : inWords(measured));
  if (out === undefined) return;
  mkdirSync(out, { recursive: true });
  const command = `veduta measure ${dirs.map((dir) => JSON.stringify(dir)).join(" ")}${flagsInWords(flags)} --out ${JSON.stringify(out)}`;
  await writeWhole(join(out, "measured.json"), json);
  await writeWhole(join(out, "measured.csv"), measureCsv(measured));
  await writeWhole(
    join(out, "index.html"),
    measurePage({ measured, command, pictures: await Promise.all(measured.folders.map(thumbnails)) }),
  );
  stderr.write(`${join(out, "index.html")}\n`);
}

function flagsInWords({ metrics, against, networks, weights, crop, model }: MeasureFlags): string {
  const words: readonly (readonly [string, string | undefined])[] = [
    ["metrics", metrics?.join(",")],
    ["against", against && JSON.stringify(against)],
    ["networks", networks.join(",")],
    ["weights", weights && JSON.stringify(weights)],
    ["crop", crop?.toString()],
    ["model", model && JSON.stringify(model)],
  ];
  return words.flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${value}`])).join("");
}

async function thumbnails({ pictures }: Measured["folders"][number]): Promise<{ readonly name: string; readonly src: string }[]> {
  const shown: { readonly name: string; readonly src: string }[] = [];
  for (const { file, key } of pictures.slice(0, SHOWN))
    shown.push({ name: key, src: dataUrl("image/webp", await encodeWebp(await decodeImage(file), { quality: 85, maxWidth: 768 })) });
  return shown;
}

/** A block of lines per metric: its name, then each folder's number, and the difference to the first. */
function inWords(measured: Measured): string {
  const width = Math.max(...measured.folders.map(({ dir }) => basename(dir).length));
  const blocks = shownColumns(measured).map(({ name, title, better }) => {
    const lines = measured.folders.flatMap(({ dir, columns: { [name]: cell } }) => {
      const label = basename(dir).padEnd(width);
      if (!cell) return [`  ${label}  does not apply`];
      const value = `  ${label}  ${intervalText(cell.value)}`;
      return cell.difference ? [value, `  ${" ".repeat(width)}  difference ${differenceText(cell.difference)}`] : [value];
    });
    return [`${name}: ${title}, ${better} is better`, ...lines].join("\n");
  });
  return `${blocks.join("\n")}\n`;
}
