/**
 * @file Preloaded into the command line (`node --import`): writes every module that is loaded, a line each, to the file that VEDUTA_MODULES
 * names. ES modules are seen by a loader's hook, CommonJS by the require cache when the process ends.
 */
import { appendFileSync } from "node:fs";
import { createRequire, register } from "node:module";

const file = String(process.env.VEDUTA_MODULES);
const hook = `import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(file)}, url + "\\n");
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
process.on("exit", () => appendFileSync(file, `${Object.keys(createRequire(import.meta.url).cache).join("\n")}\n`));
