/** @file Starts a Jupyter front end with this kernel: the first that is installed of JupyterLab, Notebook 7 and the classic Notebook. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installKernelspec, KERNEL_NAME } from "./kernelspec.js";

/** Starts programs; tests replace it. */
export interface Programs {
  /** the output of `program … --version`; undefined if that fails */
  version(words: readonly string[]): string | undefined;
  /** runs a program with this terminal; resolves with its exit code */
  start(words: readonly string[], env: NodeJS.ProcessEnv): Promise<number>;
}

const FRONT_ENDS = [
  ["jupyter-lab"],
  ["jupyter", "lab"],
  ["python3", "-m", "jupyterlab"],
  ["jupyter-notebook"],
  ["jupyter", "notebook"],
  ["python3", "-m", "notebook"],
] as const;
/** Makes Veduta's kernel the default of new notebooks. */
const DEFAULT_KERNEL = `--MultiKernelManager.default_kernel_name=${KERNEL_NAME}`;

/** The error if no front end is found. */
export const HOW_TO_GET_ONE = `Jupyter is not installed. Install it with one of these:

  Visual Studio Code, without Python: install its extension "Jupyter", run
      npx veduta kernel install
  then open a notebook and choose the kernel "Veduta (TypeScript)".

  JupyterLab by uv or pipx:
      uv tool install jupyterlab          or   pipx install jupyterlab

  Debian, Ubuntu:
      sudo apt-get install jupyter-notebook

Then start this again.`;

/** Finds the first front end that is installed. */
export function findFrontEnd(programs: Programs = PROGRAMS): { readonly program: readonly string[]; readonly version: string } | undefined {
  for (const program of FRONT_ENDS) {
    const version = programs.version([...program, "--version"]);
    if (version !== undefined) return { program, version };
  }
  return undefined;
}

/** Options of `startLab`. */
export interface StartOptions {
  readonly programs?: Programs;
  readonly env?: NodeJS.ProcessEnv;
  /** arguments for the front end */
  readonly words?: readonly string[];
}

/**
 * Starts a front end on a folder of notebooks. The kernel is registered only for this folder, in its `.jupyter`, which JUPYTER_PATH names and git
 * ignores.
 * @returns the front end's exit code
 */
export function startLab(
  program: readonly string[],
  folder: string,
  { programs = PROGRAMS, env = process.env, words = [] }: StartOptions = {},
): Promise<number> {
  const data = join(folder, ".jupyter");
  installKernelspec(data);
  writeFileSync(join(data, ".gitignore"), "*\n");
  const path = [data, ...(env.JUPYTER_PATH ? [env.JUPYTER_PATH] : [])].join(delimiter);
  return programs.start([...program, folder, DEFAULT_KERNEL, ...words], { ...env, JUPYTER_PATH: path });
}

const PROGRAMS: Programs = {
  version([program, ...words]) {
    const { status, stdout } = spawnSync(program, words, { encoding: "utf8", timeout: 20_000, stdio: ["ignore", "pipe", "ignore"] });
    return status === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
  },
  start([program, ...words], env) {
    const child = spawn(program, words, { env, stdio: "inherit" });
    const ignore = () => {}; // the front end handles Ctrl-C itself: it asks whether to end
    process.on("SIGINT", ignore);
    return new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => resolve(code ?? 1));
    }).finally(() => process.off("SIGINT", ignore));
  },
};
