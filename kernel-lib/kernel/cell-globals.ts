/** @file What every cell has without importing it. The kernel puts it on `globalThis`; cells are checked against these types. */
declare global {
  /**
   * Asks the reader for a line of text, in the notebook.
   * @param message shown before the field
   * @param options `hidden`: what is typed is not shown
   * @returns asynchronously, as a front end answers: `const name = await prompt("Your name?")`
   * @throws Error where the front end has no way to ask, as in a run without one
   */
  function prompt(message?: string, options?: { readonly hidden?: boolean }): Promise<string>;
}

export type Prompt = typeof globalThis.prompt;
