/** @file A notebook in a page of the classic Notebook, and what the page has of the classic Notebook's own. */
import type { Browser, Page } from "playwright-core";
import type { ClassicServer } from "./classic-server.js";
import { type HostPage, hostPage } from "./host-page.js";

interface Classic {
  readonly notebook: {
    readonly trusted: boolean;
    readonly mode: string;
    readonly kernel: { is_connected(): boolean };
    get_cells(): { readonly cell_type: string; readonly input_prompt_number: unknown }[];
    get_selected_index(): number;
    select(index: number): void;
    execute_all_cells(): void;
    execute_cells(indices: number[]): void;
    clear_all_output(): void;
    clear_output(index: number): void;
    save_notebook(): Promise<unknown>;
  };
}
export type ClassicWindow = typeof globalThis & { readonly Jupyter: Classic };

/** @param name of the notebook in the server's folder */
export async function openClassic(
  browser: Browser,
  server: ClassicServer,
  name: string,
  options?: Parameters<typeof hostPage>[1],
): Promise<HostPage> {
  const host = await hostPage(browser, options);
  await host.page.goto(server.url(name));
  await host.page.waitForFunction(() => (globalThis as ClassicWindow).Jupyter?.notebook?.get_cells().length > 1, null, { timeout: 60_000 });
  return host;
}

/** Until every code cell has its number. */
export async function runAll(page: Page): Promise<void> {
  await page.waitForFunction(() => (globalThis as ClassicWindow).Jupyter.notebook.kernel?.is_connected(), null, { timeout: 60_000 });
  await page.evaluate(() => (globalThis as ClassicWindow).Jupyter.notebook.execute_all_cells());
  await page.waitForFunction(
    () => {
      const cells = (globalThis as ClassicWindow).Jupyter.notebook.get_cells();
      return cells.filter((cell) => cell.cell_type === "code").every((cell) => /^\d+$/.test(String(cell.input_prompt_number)));
    },
    null,
    { timeout: 240_000 },
  );
}

export const trusted = (page: Page): Promise<boolean> => page.evaluate(() => (globalThis as ClassicWindow).Jupyter.notebook.trusted);
export const save = (page: Page): Promise<void> =>
  page.evaluate(() => (globalThis as ClassicWindow).Jupyter.notebook.save_notebook().then(() => undefined));
