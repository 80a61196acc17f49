/** @file The pages that people read, and what their fences hold. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT: string = resolve(import.meta.dirname, "../..");

const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith(".md") ? [join(folder, name)] : []));

/** Every page, by its path in the repository. */
export const PAGES: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "bench/gpu/README.md",
  "notebooks/README.md",
  ...["tiny-landscapes", "tiny-noon", "tiny-night"].map((name) => `models/${name}/README.md`),
  ...markdownIn("docs"),
];

/** The lessons. */
export const LESSONS: readonly string[] = readdirSync(join(ROOT, "notebooks")).flatMap((name) =>
  name.endsWith(".ipynb") ? [`notebooks/${name}`] : [],
);

export const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** A block of code of a page. */
export interface Fence {
  readonly page: string;
  /** of its first line of code, from 1 */
  readonly line: number;
  readonly language: string;
  /** why it is not run, the word after "no-run="; undefined: it is run */
  readonly noRun?: string;
  readonly text: string;
}

/** The fences of a page, in their order. */
export function fencesOf(page: string): Fence[] {
  return [...read(page).matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language, 2: info, 3: text }) => ({
    page,
    line: read(page).slice(0, index).split("\n").length + 1,
    language,
    noRun: /\bno-run=(\S+)/.exec(info)?.[1],
    text,
  }));
}
