/** @file An executed notebook in a page of JupyterLab 4, and what the page has of JupyterLab's own. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import type { Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { type HostPage, hostPage } from "./host-page.js";
import type { LabServer } from "./lab-server.js";

export interface Lab {
  readonly restored: Promise<unknown>;
  readonly serviceManager: { readonly contents: { save(path: string, model: unknown): Promise<unknown> } };
  readonly commands: { execute(command: string, words?: unknown): Promise<unknown> };
  readonly shell: {
    readonly currentWidget: {
      readonly content: {
        activeCellIndex: number;
        readonly activeCell: { readonly model: { readonly sharedModel: { setSource(source: string): void } } };
        readonly widgets: readonly unknown[];
        readonly mode: string;
      };
    };
  };
}
export type LabWindow = typeof globalThis & { readonly jupyterapp?: Lab };

/** A notebook as a server gives it: every text in one piece. */
export const served = (file: string): Notebook =>
  JSON.parse(readFileSync(file, "utf8"), (_, value) =>
    Array.isArray(value) && value.length > 0 && value.every((line) => typeof line === "string") ? value.join("") : value,
  );

export interface OpenLabOptions {
  /** of the notebook's outputs: as one of this user's own, or of somebody else's. Default "trusted" */
  readonly trust?: "trusted" | "untrusted";
  readonly theme?: "Light" | "Dark";
  /** brings the kernel "veduta" into the page; without it the notebook has none */
  readonly kernel?: (page: Page) => Promise<unknown>;
}

/** Opens the notebook in a page of its own. */
export async function openLab(
  browser: Browser,
  server: LabServer,
  notebook: Notebook,
  { trust = "trusted", theme = "Light", kernel }: OpenLabOptions = {},
): Promise<HostPage> {
  const host = await hostPage(browser);
  const { page } = host;
  await page.goto(server.url);
  await page.waitForFunction(() => (globalThis as LabWindow).jupyterapp !== undefined, null, { timeout: 60_000 });
  await page.evaluate(() => (globalThis as LabWindow).jupyterapp?.restored);
  await kernel?.(page);
  const cells = notebook.cells.map((cell) => ({ ...cell, metadata: { ...cell.metadata, trusted: trust === "trusted" } }));
  await page.evaluate(
    async ([content, name]) => {
      const { jupyterapp: app } = globalThis as LabWindow;
      await app?.commands.execute("apputils:change-theme", { theme: name });
      await app?.serviceManager.contents.save("shown.ipynb", { type: "notebook", format: "json", content });
      void app?.commands.execute("docmanager:open", { path: "shown.ipynb", factory: "Notebook" });
    },
    [{ ...notebook, cells }, `JupyterLab ${theme}`] as const,
  );
  if (!kernel) await page.locator(".jp-Dialog button", { hasText: "No Kernel" }).click();
  await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor();
  return host;
}
