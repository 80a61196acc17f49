/**
 * @file What is on the site, in the order of its sidebar. A page is a Markdown file or a notebook of the repository, by its path there, or a page that the
 * site makes itself: `methods/NAME` and `api/NAME`. A file that a page links to and that is no page is shown as it is, under `files/`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { allMethods } from "#kernel-lib/methods/methods.js";
import { ROOT } from "../scripts/paths.mjs";
import { API_PAGES } from "./api-pages.mjs";

/** @typedef {{ readonly title: string, readonly page: string }} Entry */
/** @typedef {{ readonly title: string, readonly entries: readonly Entry[] }} Section */

/** @param {import("#kernel-lib/methods/method.js").Family} family @returns {Entry[]} */
const methodEntries = (family) => allMethods(family).map(({ name, title }) => ({ title, page: `methods/${name}` }));

/** "04-syncdiffusion-by-hand.ipynb" is "4 Syncdiffusion by hand". @param {string} file */
function lessonTitle(file) {
  const [, number, words] = /^(\d+)-(.*)\.ipynb$/.exec(file) ?? [];
  const text = words.replaceAll("-", " ").replace("multidiffusion", "MultiDiffusion").replace("syncdiffusion", "SyncDiffusion");
  return `${Number(number)} ${text[0].toUpperCase()}${text.slice(1)}`
    .replace("python", "Python")
    .replace("stable diffusion", "Stable Diffusion");
}

/** @returns {Entry[]} */
const lessons = () =>
  readdirSync(join(ROOT, "notebooks"))
    .filter((name) => name.endsWith(".ipynb"))
    .sort()
    .map((name) => ({ title: lessonTitle(name), page: `notebooks/${name}` }));

/** The first page, which is the README. */
export const HOME = "README.md";

/** The sidebar. @type {readonly Section[]} */
export const OUTLINE = [
  {
    title: "Start",
    entries: [
      { title: "Overview", page: HOME },
      { title: "Getting started", page: "docs/getting-started.md" },
      { title: "All guides", page: "docs/README.md" },
      { title: "Glossary", page: "docs/glossary.md" },
      { title: "Troubleshooting", page: "docs/troubleshooting.md" },
    ],
  },
  {
    title: "Guides",
    entries: [
      { title: "Command line", page: "docs/command-line.md" },
      { title: "Checkpoints", page: "docs/checkpoints.md" },
      { title: "Devices and memory", page: "docs/devices.md" },
      { title: "Performance", page: "docs/performance.md" },
      { title: "Viewer", page: "docs/viewer.md" },
      { title: "Notebooks", page: "docs/notebooks.md" },
      { title: "Library", page: "docs/library.md" },
      { title: "Run folder", page: "docs/run-folder.md" },
      { title: "Metrics", page: "docs/metrics.md" },
      { title: "Many runs", page: "docs/scale.md" },
      { title: "A model on another machine", page: "docs/serving.md" },
      { title: "Other runtimes", page: "docs/triton.md" },
    ],
  },
  {
    title: "Methods",
    entries: [
      { title: "Methods compared", page: "docs/methods.md" },
      { title: "ControlNet", page: "docs/controlnet.md" },
      { title: "Editing pictures", page: "docs/cyclediffusion.md" },
      { title: "Pictures from layouts", page: "docs/frido.md" },
      { title: "Your own method", page: "docs/own-method.md" },
    ],
  },
  { title: "Joint methods", entries: methodEntries("panorama") },
  { title: "Edit and pyramid methods", entries: [...methodEntries("edit"), ...methodEntries("pyramid")] },
  { title: "Lessons", entries: [{ title: "About the lessons", page: "notebooks/README.md" }, ...lessons()] },
  { title: "API reference", entries: API_PAGES.map(({ name, title }) => ({ title, page: `api/${name}` })) },
  {
    title: "Project",
    entries: [
      { title: "Architecture", page: "ARCHITECTURE.md" },
      { title: "Contributing", page: "CONTRIBUTING.md" },
      { title: "Changelog", page: "CHANGELOG.md" },
      { title: "tiny-landscapes", page: "models/tiny-landscapes/README.md" },
      { title: "tiny-noon", page: "models/tiny-noon/README.md" },
      { title: "tiny-night", page: "models/tiny-night/README.md" },
      { title: "Training", page: "docs/training.md" },
      { title: "GPU", page: "docs/gpu.md" },
      { title: "GPU kit", page: "bench/gpu/README.md" },
    ],
  },
];

/** Where a page lies in the site. @param {string} page */
export const addressOf = (page) =>
  page === HOME
    ? "index.html"
    : page.endsWith("README.md")
      ? page.replace(/README\.md$/, "index.html")
      : `${page.replace(/\.(md|ipynb)$/, "")}.html`;
