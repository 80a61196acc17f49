/** @file The lessons that come with the package, copied to where a reader works on them. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's lessons. */
const LESSONS = fileURLToPath(new URL("../../../notebooks/", import.meta.url));

/**
 * Copies the lessons into a folder, which is made if it is missing. Jupyter saves outputs and answers into the copies.
 * @param known what happens to a lesson that is there already: it stays, or becomes fresh
 * @returns how many were copied
 */
export function copyLessons(folder: string, known: "keep" | "replace" = "keep"): number {
  mkdirSync(folder, { recursive: true });
  const wanted = readdirSync(LESSONS).filter(
    (name) => /\.(ipynb|md)$/.test(name) && (known === "replace" || !existsSync(join(folder, name))),
  );
  for (const name of wanted) copyFileSync(join(LESSONS, name), join(folder, name));
  return wanted.length;
}
