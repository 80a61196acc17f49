/** @file The Jupyter of the tests that run notebooks in one. */
import { ensureProgram, findProgram } from "./debian.mjs";

/** The path of jupyter-nbconvert. @returns {string | undefined} */
export const findNbconvert = () => findProgram(["jupyter-nbconvert"]);

/** The same, installed first where that can be done, with the classic Notebook. @returns {string | undefined} */
export const ensureJupyter = () =>
  ensureProgram(findNbconvert, {
    what: "Jupyter for the tests in it",
    packages: ["jupyter-notebook", "jupyter-nbconvert", "python3-jupyter-client"],
  });
