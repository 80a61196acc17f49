/** @file The Python environment of the widgets' tests: front ends of today, and the parts of ipywidgets and anywidget for pages. */
import { missing as noBrowser } from "../../browser/browser.js";
import { pythonEnv } from "../../fixtures/python-env.js";

const env =
  noBrowser === "" ? pythonEnv("jupyter", ["jupyterlab>=4.5,<5", "notebook>=7.5,<8", "anywidget>=0.9,<1", "ipywidgets>=8,<9"]) : undefined;
/** Why widgets are not tested here, or an empty text. */
export const missing: string = noBrowser || (env?.missing ?? "");
/** The folder of its programs. */
export const bin: string = env?.bin ?? "";
