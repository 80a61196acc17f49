/** @file Modules of cells: `import()` as Node does it, from the notebook's folder, and `import.meta`. */
import { existsSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CellRuntime } from "./cell-runtime.js";
import { isOwnName, requireOwnPackage } from "./own-package.js";

const SOURCES = ["", ".ts", ".tsx"];

/**
 * What cells get for `import()` and `import.meta`. A TypeScript file of the notebook's folder is compiled by the kernel, as `import` declarations have
 * it; everything else is Node's own `import()`, so that modules with a top-level `await` load.
 * @param folder of the notebook
 */
export function cellModules(folder: string): Pick<CellRuntime, "load" | "meta"> {
  const file = join(folder, "notebook.ts");
  requireOwnPackage();
  // Node resolves what is imported from the file name of the code that imports it. There is no such file.
  const importer = new Module(file) as Module & { _compile(code: string, file: string): void };
  importer._compile("module.exports = (specifier, options) => import(specifier, options);", file);
  const load = importer.exports as (specifier: string, options: unknown) => Promise<unknown>;
  const isCompiled = (specifier: string) =>
    /^\.{1,2}\//.test(specifier) &&
    SOURCES.some((end) => {
      const path = join(folder, specifier.replace(/\.js$/, "") + end);
      return /\.tsx?$/.test(path) && existsSync(path);
    });
  const { resolve: own } = createRequire(file); // the folder's package, else the kernel's
  const required = (specifier: string) => (globalThis as { __tslab__?: { require(id: string): unknown } }).__tslab__?.require(specifier);
  return {
    load: async (specifier, options) => {
      const name = String(specifier);
      if (isCompiled(name)) return required(name.replace(/\.tsx?$/, ""));
      return load(isOwnName(name) ? pathToFileURL(own(name)).href : name, options);
    },
    meta: {
      url: pathToFileURL(file).href,
      dirname: folder,
      filename: file,
      resolve: (specifier: string) => pathToFileURL(createRequire(file).resolve(specifier)).href,
    },
  };
}
