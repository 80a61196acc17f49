/** @file The browser of the browser tests. */
import { ensureProgram, findProgram, isProgram } from "./debian.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The path of a Chromium; VEDUTA_CHROMIUM names one that is elsewhere. @returns {string | undefined} */
export const findChromium = () => process.env.VEDUTA_CHROMIUM || (findProgram(NAMES) ?? MAC.find(isProgram));

/** The same, installed first where that can be done. @returns {string | undefined} */
export const ensureChromium = () =>
  ensureProgram(findChromium, { what: "Chromium for the browser tests", packages: ["chromium", "fonts-liberation"] });
