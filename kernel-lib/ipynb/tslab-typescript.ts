/** @file tslab's copy of TypeScript, the compiler of cells. It is loaded at the first use. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type ts from "typescript";

const require = createRequire(import.meta.url);

/** The folder of the tslab package. */
export const tslabFolder = (): string => dirname(require.resolve("tslab/package.json"));

/** The file that `tslabTypescript` loads. */
export const tslabTypescriptFile = (): string => createRequire(join(tslabFolder(), "package.json")).resolve("@tslab/typescript-for-tslab");

/** Loads tslab's copy of TypeScript. */
export const tslabTypescript = (): typeof ts => require(tslabTypescriptFile()) as typeof ts;
