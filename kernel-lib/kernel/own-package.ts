/**
 * @file This package from anywhere: `veduta`, `veduta/graph` and `veduta/metrics` mean the package that the kernel is part of, where the notebook's
 * folder has none of its own.
 */
import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type ts from "typescript";

/** Whether a module's name is one of this package's. */
export const isOwnName = (name: string): boolean => name === "veduta" || name.startsWith("veduta/");

/** A file of this package: what is imported from it finds the package by its name. */
const INSIDE = fileURLToPath(import.meta.url);
const FOLDER = join(dirname(INSIDE), "../../..");

/** Where a module of this package lies. @throws as `require` does, for a name that the package does not export */
export const ownFile = (name: string): string => createRequire(join(FOLDER, "package.json")).resolve(name);

/** Lets `require` find this package from any folder. Node asks its folders first. */
export function requireOwnPackage(): void {
  const node = Module as unknown as { _resolveFilename(name: string, ...words: unknown[]): string };
  const { _resolveFilename: resolve } = node;
  node._resolveFilename = (name, ...words) => {
    try {
      return resolve.call(Module, name, ...words);
    } catch (error) {
      if (isOwnName(name)) return ownFile(name);
      throw error;
    }
  };
}

/** Lets the compiler find this package's types from any folder. */
export function typesOfOwnPackage(own: typeof ts, host: ts.CompilerHost | ts.WatchCompilerHost<never>, options: ts.CompilerOptions): void {
  const files = own.sys;
  const find = (name: string, file: string) => own.resolveModuleName(name, file, options, host as ts.ModuleResolutionHost).resolvedModule;
  host.resolveModuleNameLiterals = (names, file) =>
    names.map(({ text }) => ({
      resolvedModule:
        find(text, file) ?? (isOwnName(text) ? own.resolveModuleName(text, INSIDE, options, files).resolvedModule : undefined),
    }));
}
