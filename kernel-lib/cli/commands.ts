/** @file The commands of `veduta`: one row a command. What a command takes is loaded when it is asked for, so that `veduta --help` waits for none. */
import type { Command } from "commander";
import type { CliDeps } from "./command.js";

/** One command. */
export interface CommandRow {
  /** in the list of commands */
  readonly summary: string;
  /** Loads what adds description, arguments, options and action to the command. */
  readonly load: () => Promise<(command: Command, deps: CliDeps) => void>;
}

/** Every command by its name, in the order of `veduta --help`. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  paint: { summary: "paint a panorama from a prompt", load: async () => (await import("./paint.js")).paintCommand },
  compare: { summary: "compare methods on one prompt", load: async () => (await import("./compare.js")).compareCommand },
  measure: { summary: "measure folders of pictures or runs", load: async () => (await import("./measure.js")).measureCommand },
  sweep: { summary: "many runs from one plan, into one folder", load: async () => (await import("./sweep.js")).sweepCommand },
  work: { summary: "a worker: paints the runs of a queue's sweeps", load: async () => (await import("./work.js")).workCommand },
  table: { summary: "compute the table of a paper", load: async () => (await import("./table.js")).tableCommand },
  edit: { summary: "edit a picture by prompts", load: async () => (await import("./edit.js")).editCommand },
  scene: {
    summary: "make a picture from a layout, labels, a scene graph or a prompt",
    load: async () => (await import("./scene.js")).sceneCommand,
  },
  models: {
    summary: "list, download, show, verify, convert and export checkpoints",
    load: async () => (await import("./models.js")).modelsCommand,
  },
  serve: { summary: "hold a model for other machines, over HTTP", load: async () => (await import("./serve.js")).serveCommand },
  view: { summary: "make a page to look around in a panorama", load: async () => (await import("./view.js")).viewCommand },
  kernel: { summary: "register the Jupyter kernel", load: async () => (await import("./kernel.js")).kernelCommand },
  lab: { summary: "open the notebooks of a folder in a Jupyter front end", load: async () => (await import("./lab.js")).labCommand },
  run: { summary: "execute a notebook, without a browser", load: async () => (await import("./run.js")).runCommand },
  export: { summary: "make one page of an executed notebook", load: async () => (await import("./export.js")).exportCommand },
  script: { summary: "convert a notebook to a plain script", load: async () => (await import("./script.js")).scriptCommand },
  completion: { summary: "print a shell's completion script", load: async () => (await import("./completion.js")).completionCommand },
};
