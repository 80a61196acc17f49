/** @file The browser of the browser tests. */
import { ensureProgram, findProgram, isProgram } from "./debian.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The path of Chromium; VEDUTA_CHROMIUM overrides it. @returns {string | undefined} */
export const findChromium = () => process.env.VEDUTA_CHROMIUM || (findProgram(NAMES) ?? MAC.find(isProgram));

/** Like `findChromium`, but installs it first if possible. @returns {string | undefined} */
export const ensureChromium = () =>
  ensureProgram(findChromium, { what: "Chromium for the browser tests", packages: ["chromium", "fonts-liberation"] });
