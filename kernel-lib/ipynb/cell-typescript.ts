/** @file The compiler of cells: the TypeScript that this package depends on. It is loaded at the first use. */
import { createRequire } from "node:module";
import type ts from "typescript";

const require = createRequire(import.meta.url);

/** Loads TypeScript. */
export const cellTypescript = (): typeof ts => require("typescript") as typeof ts;
