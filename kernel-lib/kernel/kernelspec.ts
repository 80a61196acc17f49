/** @file The kernelspec: the folder by which Jupyter, VS Code and others find and start this kernel. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { replaceFileSync } from "../core/write-whole.js";

/** The kernel's name in Jupyter. */
export const KERNEL_NAME = "veduta";
const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

/** The kernel's logo: a sphere's meridians above a skyline. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="12" fill="#21325b"/>
<g fill="none" stroke="#f4c95d" stroke-width="3"><circle cx="32" cy="32" r="21"/><ellipse cx="32" cy="32" rx="9" ry="21"/></g>
<path d="M11 38 22 28l8 7 9-11 14 14" fill="none" stroke="#fff" stroke-width="3.5" stroke-linejoin="round"/></svg>
`;

/** The content of kernel.json, with this machine's paths. */
export const kernelspec = () => ({
  argv: [process.execPath, MAIN, "{connection_file}"],
  display_name: "Veduta (TypeScript)",
  language: "typescript",
  // Not by signal: a synchronous loop after a cell's first await would miss it. The sockets' thread always gets a message.
  interrupt_mode: "message",
});

/**
 * Writes the kernelspec, replacing an existing one.
 * @param data a Jupyter data folder; writes `{data}/kernels/veduta`
 * @returns the kernelspec's folder
 */
export function installKernelspec(data: string): string {
  const folder = join(data, "kernels", KERNEL_NAME);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ "logo-svg.svg": LOGO, "kernel.json": `${JSON.stringify(kernelspec(), null, 2)}\n` }))
    replaceFileSync(join(folder, name), text);
  return folder;
}

/** What decides where Jupyter's data folder is. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
}

/** The folder of a user's Jupyter data. @source jupyter_core/paths.py, jupyter_data_dir */
export function userDataFolder(
  { platform, env, home }: Machine = { platform: process.platform, env: process.env, home: homedir() },
): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32")
    return env.APPDATA ? join(env.APPDATA, "jupyter") : join(env.JUPYTER_CONFIG_DIR ?? join(home, ".jupyter"), "data");
  return join(env.XDG_DATA_HOME || join(home, ".local", "share"), "jupyter");
}
