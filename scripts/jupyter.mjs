/** @file Finds or installs Jupyter, for the tests that need it. */
import { ensureProgram, findProgram } from "./debian.mjs";

/** The path of jupyter-nbconvert. @returns {string | undefined} */
export const findNbconvert = () => findProgram(["jupyter-nbconvert"]);

/** Like `findNbconvert`, but installs it and the classic Notebook first if possible. @returns {string | undefined} */
export const ensureJupyter = () =>
  ensureProgram(findNbconvert, {
    what: "Jupyter for the tests in it",
    packages: ["jupyter-notebook", "jupyter-nbconvert", "python3-jupyter-client"],
  });
