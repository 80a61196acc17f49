/** @file Calls as files that a Python script reads: raw numbers, and a list of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExportedCall, Fed } from "../pipelines/serving/exported.js";

/** Writes the feeds and wanted outputs of calls by their names: calls.json, and a file of each tensor. */
export function writeCalls(folder: string, calls: Readonly<Record<string, ExportedCall>>): void {
  mkdirSync(folder);
  let count = 0;
  const put = (tensors: Readonly<Record<string, Fed>>) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { data, shape }]) => {
        const file = `${count++}.bin`;
        writeFileSync(join(folder, file), data);
        return [name, { file, shape, datatype: data instanceof Int32Array ? "INT32" : "FP32" }];
      }),
    );
  const list = Object.entries(calls).map(([name, { feeds, wanted }]) => [name, { feeds: put(feeds), wanted: put(wanted) }]);
  writeFileSync(join(folder, "calls.json"), JSON.stringify(Object.fromEntries(list)));
}
