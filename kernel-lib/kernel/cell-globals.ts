/** @file Global names that every cell has. The kernel sets them on `globalThis`; cells are checked against these types. */
declare global {
  /**
   * Asks the user for a line of text, in the notebook.
   * @param message shown before the field
   * @param options `hidden`: the typed text is not shown
   * @returns a promise: `const name = await prompt("Your name?")`
   * @throws Error if the front end cannot ask, as in a run without a user
   */
  function prompt(message?: string, options?: { readonly hidden?: boolean }): Promise<string>;

  /** What `import.meta` has in a cell. */
  interface ImportMeta {
    /** the notebook's folder */
    dirname: string;
    /** a file in it, which need not be there */
    filename: string;
  }
}

/** The type of the global `prompt`. */
export type Prompt = typeof globalThis.prompt;
