/**
 * Lessons as a reader runs them, all cells at once, in JupyterLab 4, the classic Notebook and Notebook 7; then every figure, folded text and formula
 * is looked at, wide and narrow, light and dark: those that `npm run look` names, and with VEDUTA_ALL=1 (`npm run test:all`) all. Pictures of the whole pages stay in .work/looks, to look at.
 */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installKernelspec } from "#kernel-lib/kernel/kernelspec.js";
import { launch } from "../../browser/browser.js";
import { FOLDER, lessons } from "../notebooks.js";
import { openClassic, runAll, save } from "./classic-page.js";
import { missing as noClassic, startClassic } from "./classic-server.js";
import { command, missing as noFrontEnd, runAllCells, startFrontEnd } from "./front-end.js";
import { closeClean, expectLive, type HostPage, hostPage } from "./host-page.js";
import { served } from "./lab-page.js";
import { blank, collisions, cutOff, formulas, pale, unfold } from "./stumbles.js";
import { figuresOf, picture, stretch } from "./whole-page.js";

/** Inside the repository, so that a notebook there finds the package by its own name. */
const WORK = fileURLToPath(new URL("../../../.work/looks/", import.meta.url));
const { VEDUTA_LOOK_HOSTS: hosts = "", VEDUTA_LOOK_LESSONS: wanted = "" } = process.env;
/** Pixels; what is left of a phone's width is too little for JupyterLab's own bars. */
const WIDTHS = { wide: 1280, narrow: 700, phone: 420 } as const;

interface Server {
  open(browser: Browser, file: string): Promise<HostPage>;
  stop(): Promise<void>;
}
interface Host {
  readonly title: string;
  readonly missing: string;
  /** selects the notebook's cells */
  readonly cells: string;
  start(folder: string): Promise<Server>;
  runAll(page: Page): Promise<void>;
  save(page: Page): Promise<unknown>;
  /** the host's own theme; the classic Notebook has a light one only */
  dress(page: Page, theme: "Light" | "Dark"): Promise<unknown>;
}

const frontEnd = (title: string, path: "doc/tree" | "notebooks"): Host => ({
  title,
  missing: noFrontEnd,
  cells: ".jp-Notebook-cell",
  async start(folder) {
    installKernelspec(join(folder, ".jupyter"));
    const settings = join(folder, ".jupyter/lab/user-settings/@jupyterlab/apputils-extension");
    mkdirSync(settings, { recursive: true });
    writeFileSync(join(settings, "notification.jupyterlab-settings"), '{"fetchNews":"false"}'); // else it asks, over the notebook
    const { url, stop } = await startFrontEnd(folder);
    return {
      stop,
      async open(browser, file) {
        const host = await hostPage(browser, { viewport: { width: WIDTHS.wide, height: 1000 } });
        await host.page.goto(url(file, path));
        await host.page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: 90_000 });
        return host;
      },
    };
  },
  runAll: runAllCells,
  save: (page) => command(page, "docmanager:save"),
  async dress(page, theme) {
    await command(page, "apputils:change-theme", { theme: `JupyterLab ${theme}` });
    await page.locator("#jupyterlab-splash").waitFor({ state: "hidden" }); // it covers the page meanwhile
  },
});

const HOSTS: Readonly<Record<string, Host>> = {
  lab: frontEnd("JupyterLab 4", "doc/tree"),
  classic: {
    title: "the classic Notebook",
    missing: noClassic,
    cells: "#notebook-container .cell",
    async start(folder) {
      const server = await startClassic(folder);
      const viewport = { width: WIDTHS.wide, height: 1000 };
      return { open: (browser, file) => openClassic(browser, server, file, { viewport }), stop: () => server.stop() };
    },
    runAll,
    save,
    dress: async () => {},
  },
  notebook7: frontEnd("Notebook 7", "notebooks"),
};

const named = (name: string, words: string): boolean => words === "" || words.split(",").some((word) => name.startsWith(word));

for (const [key, host] of Object.entries(HOSTS).filter(([key]) => hosts === "" || hosts.split(",").includes(key)))
  describe.skipIf(host.missing !== "")(`in ${host.title}${host.missing}`, () => {
    const folder = join(WORK, key);
    let browser: Browser;
    let server: Server;
    beforeAll(async () => {
      mkdirSync(folder, { recursive: true });
      [browser, server] = await Promise.all([launch(), host.start(folder)]);
    });
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
    });

    test.each(lessons.map(({ name }) => name).filter((name) => named(name, wanted)))(
      "%s runs to its end, and all of it is seen, wide and narrow, light and dark",
      async (name) => {
        const file = join(folder, `${name}.ipynb`);
        copyFileSync(join(FOLDER, `${name}.ipynb`), file);
        const opened = await server.open(browser, `${name}.ipynb`);
        const { page } = opened;
        await host.runAll(page);
        await host.save(page);
        const notebook = served(file);
        const outputs = notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
        expect(outputs.filter((output) => output.output_type === "error" || ("name" in output && output.name === "stderr"))).toEqual([]);

        await stretch(page, host.cells, WIDTHS.wide);
        const stumbled = [...(await unfold(page)), ...(await formulas(page))];
        await expectLive(page, figuresOf(notebook));
        for (const [width, pixels] of Object.entries(WIDTHS)) {
          await stretch(page, host.cells, pixels);
          for (const theme of ["Light", "Dark"] as const) {
            await page.emulateMedia({ colorScheme: theme === "Dark" ? "dark" : "light" });
            await host.dress(page, theme);
            await picture(page, join(WORK, `${name}-${key}-${width}-${theme.toLowerCase()}`));
            const found = [
              ...(await blank(page)),
              ...(await cutOff(page)),
              ...(await collisions(page)),
              ...(width === "wide" ? await pale(page) : []),
            ];
            stumbled.push(...found.map((text) => `${width}, ${theme}: ${text}`));
          }
        }
        expect(stumbled).toEqual([]);
        await closeClean(opened);
      },
      900_000, // a lesson of a minute, and six pictures of its whole page
    );
  });
