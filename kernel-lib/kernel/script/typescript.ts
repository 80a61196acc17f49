/** @file The TypeScript that notebooks are compiled with: tslab brings its own. */
import { createRequire } from "node:module";
import type ts from "typescript";

let loaded: typeof ts | undefined;

/** Loaded when it is first needed: it is 10 MB. */
export function tslabTypescript(): typeof ts {
  if (!loaded) {
    const ofTslab = createRequire(createRequire(import.meta.url).resolve("tslab/package.json"));
    loaded = ofTslab("@tslab/typescript-for-tslab") as typeof ts;
  }
  return loaded;
}
