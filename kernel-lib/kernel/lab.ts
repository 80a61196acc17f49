/** @file Starts a notebook's front end with this kernel: JupyterLab, Notebook 7 or the classic Notebook, whichever is there first in this order. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installKernelspec, KERNEL_NAME } from "./kernelspec.js";

/** Starts programs; tests give another. */
export interface Programs {
  /** what `program … --version` prints; undefined where it does not answer */
  version(words: readonly string[]): string | undefined;
  /** runs one with this terminal; its exit code */
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
/** New notebooks are ours unless another kernel is chosen. */
const DEFAULT_KERNEL = `--MultiKernelManager.default_kernel_name=${KERNEL_NAME}`;

/** For whom none is found. */
export const HOW_TO_GET_ONE = `no Jupyter answers here. One of these gets you one:

  Visual Studio Code, without Python: install its extension "Jupyter", run
      npx veduta kernel install
  then open a notebook and choose the kernel "Veduta (TypeScript)".

  JupyterLab by uv or pipx:
      uv tool install jupyterlab          or   pipx install jupyterlab

  Debian, Ubuntu:
      sudo apt-get install jupyter-notebook

Then start this again.`;

/** The first front end that answers. */
export function findFrontEnd(programs: Programs = PROGRAMS): { readonly program: readonly string[]; readonly version: string } | undefined {
  for (const program of FRONT_ENDS) {
    const version = programs.version([...program, "--version"]);
    if (version !== undefined) return { program, version };
  }
  return undefined;
}

export interface StartOptions {
  readonly programs?: Programs;
  readonly env?: NodeJS.ProcessEnv;
  /** given to the front end as they are */
  readonly words?: readonly string[];
}

/**
 * Starts one on a folder of notebooks. The kernel is registered for it alone: in the folder's `.jupyter`, which JUPYTER_PATH names and git ignores.
 * @returns its exit code
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
    const ignore = () => {}; // Ctrl-C is the front end's to answer: it asks whether to end
    process.on("SIGINT", ignore);
    return new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => resolve(code ?? 1));
    }).finally(() => process.off("SIGINT", ignore));
  },
};
