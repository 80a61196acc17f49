/** @file JupyterLab 4 and Notebook 7 from PyPI, with ipywidgets and anywidget: their server, and the cells of a notebook in a page. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Locator, Page } from "playwright-core";
import { freePorts } from "#kernel-lib/ipynb/runner/connection-file.js";
import { missing as noBrowser } from "../../browser/browser.js";
import { pythonEnv } from "../../fixtures/python-env.js";

const env =
  noBrowser === "" ? pythonEnv("jupyter", ["jupyterlab>=4.5,<5", "notebook>=7.5,<8", "anywidget>=0.9,<1", "ipywidgets>=8,<9"]) : undefined;
/** Why it is not tested here, or an empty text. */
export const missing: string = noBrowser || (env?.missing ?? "");
/** The folder of the environment's programs. */
export const bin: string = env?.bin ?? "";

/** A server that runs. */
export interface FrontEnd {
  /** of a notebook in the folder; "doc/tree" is JupyterLab, "notebooks" is Notebook 7 */
  url(file: string, path?: "doc/tree" | "notebooks"): string;
  stop(): Promise<void>;
}

/** @param folder of the notebooks and of all that Jupyter keeps; kernels lie in its `.jupyter` */
export async function startFrontEnd(folder: string): Promise<FrontEnd> {
  const { shell: port } = await freePorts();
  const address = `http://127.0.0.1:${port}`;
  const words = ["lab", "--no-browser", "--allow-root", `--port=${port}`, "--IdentityProvider.token=t", `--ServerApp.root_dir=${folder}`];
  const inReach = ["LabApp", "JupyterNotebookApp"].map((app) => `--${app}.expose_app_in_browser=True`);
  const server = spawn(join(bin, "jupyter"), [...words, ...inReach], {
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, HOME: folder, JUPYTER_PATH: join(folder, ".jupyter") },
    stdio: "ignore",
  });
  const ended = once(server, "exit");
  const answers = () =>
    fetch(`${address}/api?token=t`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const until = Date.now() + 90_000; !(await answers()); await sleep(200))
    if (server.exitCode !== null || Date.now() > until) throw new Error("JupyterLab does not answer");
  return {
    url: (file, path = "doc/tree") => `${address}/${path}/${file}?token=t`,
    async stop() {
      server.kill();
      await ended;
    },
  };
}

/** A notebook's file. @param kernelspec as its metadata has it */
export const notebookOf = (kernelspec: Readonly<Record<string, string>>, cells: readonly string[]): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec },
    cells: cells.map((source, k) => ({ id: `cell-${k}`, cell_type: "code", metadata: {}, source, outputs: [], execution_count: null })),
  });

export const cell = (page: Page, k: number): Locator => page.locator(".jp-Notebook .jp-CodeCell").nth(k);
export const output = (page: Page, k: number): Promise<string> => cell(page, k).locator(".jp-OutputArea").innerText();

export async function run(page: Page, k: number): Promise<void> {
  await cell(page, k).locator(".cm-content").click();
  await page.keyboard.press("Control+Enter");
}

/** Runs a cell until it shows something: a page that is not connected to the kernel yet takes no cell. */
export async function runUntil(page: Page, k: number, shown: Locator): Promise<void> {
  for (let tries = 0; tries < 6 && (await shown.count()) === 0; tries++) {
    await run(page, k);
    await shown
      .first()
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined);
  }
}

/** What the application has of its own, in reach by the server's setting. */
interface Application {
  readonly commands: { execute(command: string, words?: unknown): Promise<unknown> };
  readonly shell: {
    readonly currentWidget: { readonly content: { readonly widgets: readonly Shown[] }; readonly sessionContext: Session };
  };
}
interface Session {
  readonly session: { readonly kernel: { readonly status: string; readonly connectionStatus: string } | null } | null;
}
interface Shown {
  readonly model: { readonly type: string; readonly executionCount?: number | null };
}
type FrontEndWindow = typeof globalThis & { readonly jupyterapp: Application };

/** Runs all cells as the menu does, and waits until each has its number and the kernel is idle. */
export async function runAllCells(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const { kernel } = (globalThis as Partial<FrontEndWindow>).jupyterapp?.shell.currentWidget?.sessionContext?.session ?? {};
      return kernel?.connectionStatus === "connected" && kernel.status === "idle";
    },
    null,
    { timeout: 90_000 },
  );
  await page.locator(".lm-MenuBar-item", { hasText: /^Run$/ }).click();
  await page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click();
  await page.waitForFunction(
    () => {
      const { content, sessionContext } = (globalThis as FrontEndWindow).jupyterapp.shell.currentWidget;
      const code = content.widgets.filter(({ model }) => model.type === "code");
      return sessionContext.session?.kernel?.status === "idle" && code.every(({ model }) => (model.executionCount ?? 0) > 0);
    },
    null,
    { timeout: 280_000 },
  );
}

/** One of the application's commands. */
export const command = (page: Page, name: string, words: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  page.evaluate(([id, given]) => (globalThis as FrontEndWindow).jupyterapp.commands.execute(id, given).then(() => undefined), [
    name,
    words,
  ] as const);
