/** @file Measures folders of pictures: each metric with its number of pictures, its interval, and the paired difference to the first folder. */
import { resolve } from "node:path";
import { decodeImage } from "../../core/image.js";
import { once } from "../../core/once.js";
import { createRng } from "../../core/random.js";
import type { Tensor } from "../../core/tensor.js";
import { bootstrapInterval, holm, pairedBootstrap, signFlipProbability } from "../../metrics/bootstrap.js";
import type { MeanInterval } from "../../metrics/interval.js";
import { type Column, type ColumnSource, columnsOf, type OpenPicture, type SetColumn } from "./columns.js";
import { type FeatureCache, featureCache } from "./feature-cache.js";
import { contentOf, type FoundPicture, findPictures, type PictureGroup } from "./found-pictures.js";

/** What `measureFolders` measures, and by what. */
export interface MeasureFoldersOptions extends Omit<ColumnSource, "references"> {
  /** folders of pictures or runs, or pictures that are named one by one; the first is the baseline of the differences */
  readonly dirs: readonly (string | PictureGroup)[];
  /** names of columns; default all that the networks allow */
  readonly metrics?: readonly string[];
  /** a folder of reference pictures, for FID, KID and GIQA */
  readonly against?: string;
  /** called after each picture */
  readonly progress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal;
}

/** A difference to the first folder, of the pictures that both have. */
export interface MeasuredDifference extends MeanInterval {
  /** the probability of one at least as large where there is none, corrected for the number of columns (Holm) */
  readonly probability: number;
}

/** One folder's numbers. */
export interface MeasuredFolder {
  readonly dir: string;
  readonly pictures: readonly { readonly file: string; readonly key: string; readonly values: Readonly<Record<string, number>> }[];
  /** by the columns' names; a column that applies to no picture is absent */
  readonly columns: Readonly<Record<string, { readonly value: MeanInterval; readonly difference?: MeasuredDifference }>>;
}

/** What a column of a measurement says. */
export interface MeasuredColumn {
  readonly name: string;
  readonly title: string;
  readonly better: "lower" | "higher";
}

/** The result of a measurement. */
export interface Measured {
  readonly columns: readonly MeasuredColumn[];
  readonly folders: readonly MeasuredFolder[];
  readonly against?: string;
}

/**
 * Measures folders, picture by picture: no two pictures lie in memory together. Features of networks are kept in the folders.
 * @throws CheckpointError for a folder without pictures; RangeError for no folder, or a metric that no network gives
 */
export async function measureFolders({ dirs, metrics, against, progress, signal, ...source }: MeasureFoldersOptions): Promise<Measured> {
  if (dirs.length === 0) throw new RangeError("measure: got no folder, want at least one");
  const found = dirs.map((dir) => (typeof dir === "string" ? { dir, pictures: findPictures(dir) } : dir));
  const references = against === undefined ? undefined : { dir: against, pictures: findPictures(against) };
  const caches = new Map<string, FeatureCache>();
  const opened = (dir: string) => (picture: FoundPicture) => openPicture(dir, picture, caches);
  const columns = chosen(columnsOf({ ...source, references: references?.pictures.map(opened(references.dir)) }), metrics);
  const sets = columns.filter((column): column is SetColumn => column.kind === "set");
  const all = found.reduce((sum, { pictures }) => sum + pictures.length, 0) + (sets.length > 0 ? (references?.pictures.length ?? 0) : 0);
  let done = 0;
  const looked = async (dir: string, picture: FoundPicture, of: readonly Column[]): Promise<Looked> => {
    signal?.throwIfAborted();
    const open = opened(dir)(picture);
    const result: Looked = { values: {}, features: {} };
    for (const column of of) {
      const value = column.kind === "set" ? await column.features(open) : await column.value(open);
      if (typeof value === "number") result.values[column.name] = value;
      else if (value) result.features[column.name] = value;
    }
    if (++done % 20 === 0) for (const cache of caches.values()) cache.save();
    progress?.(done, all);
    return result;
  };
  try {
    const ofReferences: Looked[] = [];
    for (const picture of references?.pictures ?? [])
      if (sets.length > 0) ofReferences.push(await looked(against as string, picture, sets));
    const folders: { readonly dir: string; readonly pictures: readonly FoundPicture[]; readonly looked: readonly Looked[] }[] = [];
    for (const { dir, pictures } of found) {
      const each: Looked[] = [];
      for (const picture of pictures) each.push(await looked(dir, picture, columns));
      folders.push({ dir, pictures, looked: each });
    }
    const named = columns.map(({ name, title, better }) => ({ name, title, better }));
    const measured = summed(folders, columns, ofReferences);
    const idle = metrics?.find((name) => measured.every((folder) => folder.columns[name] === undefined));
    if (idle !== undefined)
      throw new RangeError(
        `measure: ${idle} applies to none of these pictures; FID and KID want two or more of each folder and of the reference, GIQA eight crops of the reference, OmniFID full spheres, clip-score runs with a prompt, what looks at the cut closed runs`,
      );
    return { columns: named, folders: measured, ...(against !== undefined && { against }) };
  } finally {
    for (const cache of caches.values()) cache.save();
  }
}

/** Refuses metrics that the networks do not give, and a reference without pictures. @throws RangeError, CheckpointError */
export function expectMetrics({ metrics, against, ...source }: Omit<MeasureFoldersOptions, "dirs">): void {
  const caches = new Map<string, FeatureCache>();
  const references = against === undefined ? undefined : findPictures(against).map((picture) => openPicture(against, picture, caches));
  chosen(columnsOf({ ...source, references }), metrics);
}

/** What was seen of one picture. */
interface Looked {
  readonly values: Record<string, number>;
  readonly features: Record<string, Tensor>;
}

function chosen(columns: readonly Column[], names: readonly string[] | undefined): readonly Column[] {
  const wrong = names?.find((name) => columns.every((column) => column.name !== name));
  if (wrong !== undefined)
    throw new RangeError(
      `measure: metric ${wrong}, want some of ${columns.map(({ name }) => name).join(", ")}; FID, KID and GIQA need a reference (against)`,
    );
  return names ? columns.filter(({ name }) => names.includes(name)) : columns;
}

/** A picture whose pixels are read when a column first asks for them. */
function openPicture(dir: string, picture: FoundPicture, caches: Map<string, FeatureCache>): OpenPicture {
  const content = once(() => contentOf(picture.file));
  return {
    ...picture,
    get content() {
      return content();
    },
    image: once(() => decodeImage(picture.file)),
    cache(network) {
      const key = `${resolve(dir)}\0${network}`;
      const known = caches.get(key) ?? featureCache(dir, network);
      caches.set(key, known);
      return known;
    },
  };
}

function summed(
  folders: readonly { readonly dir: string; readonly pictures: readonly FoundPicture[]; readonly looked: readonly Looked[] }[],
  columns: readonly Column[],
  references: readonly Looked[],
): readonly MeasuredFolder[] {
  const values = ({ pictures, looked }: (typeof folders)[number], name: string) =>
    pictures.flatMap(({ key }, k) => (looked[k].values[name] === undefined ? [] : [{ key, value: looked[k].values[name] }]));
  const measured = folders.map((folder, index) => {
    const cells = columns.flatMap((column) => {
      if (column.kind === "set") {
        const value = setInterval(column, folder.looked, references);
        return value ? [[column.name, { value }] as const] : [];
      }
      const own = values(folder, column.name);
      if (own.length === 0) return [];
      const value = bootstrapInterval(own.map((each) => each.value));
      const first = new Map(values(folders[0], column.name).map((each) => [each.key, each.value]));
      const pairs = own.flatMap((each) => (first.has(each.key) ? [[each.value, first.get(each.key) as number] as const] : []));
      if (index === 0 || pairs.length === 0) return [[column.name, { value }] as const];
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, x]) => x)];
      const probability = signFlipProbability(a.map((x, k) => x - b[k]));
      return [[column.name, { value, difference: { ...pairedBootstrap(a, b), probability } }] as const];
    });
    const pictures = folder.pictures.map(({ file, key }, k) => ({ file, key, values: folder.looked[k].values }));
    return { dir: folder.dir, pictures, columns: Object.fromEntries(cells) as MeasuredFolder["columns"] };
  });
  return corrected(measured);
}

/** The same folders with the probabilities of one folder's differences corrected for their number. */
const corrected = (folders: readonly MeasuredFolder[]): readonly MeasuredFolder[] =>
  folders.map((folder) => {
    const cells = Object.entries(folder.columns);
    const different = cells.flatMap(([name, { difference }]) => (difference ? [{ name, difference }] : []));
    const probabilities = holm(different.map(({ difference }) => difference.probability));
    const columns = cells.map(([name, cell]) => {
      const k = different.findIndex((each) => each.name === name);
      return [name, cell.difference ? { ...cell, difference: { ...cell.difference, probability: probabilities[k] } } : cell];
    });
    return { ...folder, columns: Object.fromEntries(columns) };
  });

/**
 * The number of a set with a normal interval: 1.96 deviations of the same number of sets that are drawn with repetition from its pictures. Such a
 * set's number is biased, its deviation is not.
 */
function setInterval(column: SetColumn, looked: readonly Looked[], references: readonly Looked[]): MeanInterval | undefined {
  const of = (list: readonly Looked[]) => list.flatMap(({ features }) => (features[column.name] ? [features[column.name]] : []));
  const [own, reference] = [of(looked), of(references)];
  if (own.length < 2 || reference.length < 2) return undefined;
  const mean = column.value(own, reference);
  const rng = createRng(0);
  const draws = Array.from({ length: column.resamples }, () =>
    column.draw(
      own.map(() => own[rng.below(own.length)]),
      reference,
    ),
  );
  const middle = draws.reduce((a, b) => a + b, 0) / draws.length;
  const deviation = Math.sqrt(draws.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (draws.length - 1));
  return { mean, low: mean - 1.96 * deviation, high: mean + 1.96 * deviation, count: own.length };
}
