/** @file `veduta kernel install`: registers the kernel for Jupyter front ends. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { type CliDeps, UsageError } from "./command.js";

/** What the command is. */
export function kernelCommand(command: Command, { stdout }: Pick<CliDeps, "stdout">): void {
  command
    .description("The Jupyter kernel.")
    .command("install")
    .description('register the kernel "Veduta (TypeScript)", so that Jupyter and VS Code find it')
    .option("--user", "for this user (default)")
    .option("--prefix <dir>", "under DIR/share/jupyter/kernels, as for a Python environment")
    .action(async ({ user, prefix }: { readonly user?: true; readonly prefix?: string }) => {
      if (user && prefix !== undefined) throw new UsageError("got both --user and --prefix; want one of them");
      const { installKernelspec, userDataFolder } = await import("../kernel/kernelspec.js");
      const data = prefix === undefined ? userDataFolder() : join(resolve(prefix), "share", "jupyter");
      stdout.write(`${installKernelspec(data)}\n`);
    });
}
