/** @file The kernels that are compared: Veduta's, and those of npm, which are installed below .work with their stock code. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownKernel } from "#kernel-lib/ipynb/runner/kernel-client.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PLACE = join(ROOT, ".work/kernels");
const DENO = "2.9.6";
const IJAVASCRIPT = "5.2.1";
const require = createRequire(import.meta.url);

/**
 * What a kernel's notebooks say where each kernel has words of its own.
 * @typedef {object} Words
 * @property {string} html shows `<b>rich</b>`
 * @property {string} update shows one, then two in the same output
 * @property {string} ask asks for a name and prints told and the answer
 * @property {string} [control] shows a control of the value 1 whose comm a page may tell a new value; without it the kernel has no such control
 */
/**
 * @typedef {object} Kernel
 * @property {string} name of its column
 * @property {string} version
 * @property {readonly string[]} command
 * @property {Words} words
 * @property {string} [typescript] the version of its compiler's package; without it the kernel's own word
 */

const PROMPT = 'const told = await prompt("name?");\nconsole.log("told", told);';
const ASK = '$$.async();\n$$.input({ prompt: "name?" }, (error, told) => { console.log("told", told); $$.done(); });';
const DISPLAY = `({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>rich</b>" }) })`;
const message = (/** @type {string} */ type, /** @type {string} */ html) =>
  `await Deno.jupyter.broadcast("${type}", { data: { "text/html": "${html}" }, metadata: {}, transient: { display_id: "u" } });`;

/** The version of an installed package. @param {string} folder */
const versionOf = (folder) => /** @type {{ version: string }} */ (JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).version;

/** Installs what is missing. @returns {readonly Kernel[]} @throws {Error} where npm does not give it */
export function kernels() {
  const modules = join(PLACE, "node_modules");
  if (!existsSync(join(modules, "ijavascript")) || !existsSync(join(modules, "@deno"))) {
    mkdirSync(PLACE, { recursive: true });
    const words = ["install", "--no-save", "--ignore-scripts", "--prefix", PLACE, `deno@${DENO}`, `ijavascript@${IJAVASCRIPT}`];
    const { status, stderr } = spawnSync("npm", words, { encoding: "utf8", cwd: PLACE, shell: process.platform === "win32" });
    if (status !== 0) throw new Error(`npm does not give deno@${DENO} and ijavascript@${IJAVASCRIPT}:\n${stderr}`);
  }
  const tslab = join(require.resolve("tslab/package.json"), "..");
  const deno = join(modules, "@deno", readdirSync(join(modules, "@deno"))[0]);
  return [
    {
      name: "Veduta",
      version: versionOf(ROOT),
      command: ownKernel(),
      typescript: versionOf(join(require.resolve("typescript/package.json"), "..")),
      words: {
        ask: PROMPT,
        html: DISPLAY,
        update: `import { currentSink } from "veduta";
await currentSink().show({ "text/html": "one" }, { id: "u" });
await currentSink().show({ "text/html": "two" }, { id: "u", update: true });`,
        control: `import { slider } from "veduta";\nconst control = slider({ min: 0, max: 9, value: 1 });\ncontrol`,
      },
    },
    {
      name: "tslab",
      version: versionOf(tslab),
      command: [process.execPath, join(tslab, "bin/tslab"), "kernel", "--config-path", "{connection_file}"],
      typescript: versionOf(join(require.resolve("@tslab/typescript-for-tslab/package.json"), "..")),
      words: {
        ask: PROMPT,
        html: `import * as tslab from "tslab";\ntslab.display.html("<b>rich</b>");`,
        update: `import * as tslab from "tslab";\nconst shown = tslab.newDisplay();\nshown.html("one");\nshown.html("two");`,
      },
    },
    {
      name: "Deno",
      version: versionOf(deno),
      command: [
        join(deno, process.platform === "win32" ? "deno.exe" : "deno"),
        ..."jupyter --kernel --conn".split(" "),
        "{connection_file}",
      ],
      words: { ask: PROMPT, html: DISPLAY, update: `${message("display_data", "one")}\n${message("update_display_data", "two")}` },
    },
    {
      name: "ijavascript",
      version: versionOf(join(modules, "ijavascript")),
      command: [
        process.execPath,
        ...["--require", fileURLToPath(new URL("./zeromq5.cjs", import.meta.url))],
        join(modules, "ijavascript/lib/kernel.js"),
        "--protocol=5.1",
        "{connection_file}",
      ],
      words: { ask: ASK, html: `$$.html("<b>rich</b>");`, update: `var shown = $$.display("u");\nshown.html("one");\nshown.html("two");` },
    },
  ];
}
