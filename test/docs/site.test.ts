/** @file The built site in a real browser: from a disk and under a path of a server, without any other host, for everyone, in both schemes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize, posix } from "node:path";
import type { Browser, Page } from "playwright-core";
import { allMethods } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSite } from "../../site/build-site.mjs";
import { PICTURES } from "../../site/method-pictures.mjs";
import { serious } from "../browser/axe.js";
import { launch, missing, open } from "../browser/browser.js";

const out = mkdtempSync(join(tmpdir(), "veduta-docs-site-"));
const files = (): string[] => readdirSync(out, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
const text = (name: string): string => readFileSync(join(out, name), "utf8");
beforeAll(() => buildSite(out), 300_000); // throws for links that lead nowhere
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe("the documentation's site", () => {
  test("has relative addresses alone, each of a file that is there", () => {
    const html = files().filter((name) => name.endsWith(".html"));
    expect(html.length).toBeGreaterThan(100);
    const there = new Set(files());
    const wrong = html.flatMap((page) =>
      [...text(page).matchAll(/\s(?:href|src)="([^"#]*)(?:#[^"]*)?"/g)]
        .map(([, address]) => address)
        .filter((address) => address !== "" && !/^(https?|mailto|data):/.test(address))
        .filter((address) => address.startsWith("/") || !there.has(posix.normalize(posix.join(posix.dirname(page), address))))
        .map((address) => `${page}: ${address}`),
    );
    expect(wrong).toEqual([]);
  });

  test("has a page of every method, with its algorithm, its code and its options, and a picture where a bundled model runs it", () => {
    for (const family of ["panorama", "edit", "pyramid"] as const)
      for (const { name, options } of allMethods(family)) {
        const page = text(`methods/${name}.html`);
        for (const part of ['<div class="beside">', "yield", ">Options</h2>", ...Object.keys(options)])
          expect(page, `${name}: ${part}`).toContain(part);
        expect(page.includes(`pictures/${name}.webp`), name).toBe(family !== "pyramid");
      }
    const bytes = readdirSync(PICTURES).reduce((sum, name) => sum + statSync(join(PICTURES, name)).size, 0);
    expect(bytes).toBeLessThan(1_000_000);
  });

  test("has every name that the package exports in its reference", async () => {
    const names = Object.keys(await import("veduta"));
    const index = text("api/index.html");
    expect(names.filter((name) => !index.includes(`#${name}"`))).toEqual([]);
  });
});

/** Serves the site under a path, as GitHub Pages does, and nothing beside it. */
async function serveUnder(path: string): Promise<{ server: Server; address: string }> {
  const types: Record<string, string> = { html: "text/html", js: "text/javascript", css: "text/css", webp: "image/webp" };
  const server = createServer(({ url = "" }, response) => {
    const asked = normalize(decodeURIComponent(new URL(url, "http://site").pathname));
    if (!asked.startsWith(path)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[asked.split(".").at(-1) ?? ""] ?? "text/plain" });
    return response.end(readFileSync(join(out, asked.slice(path.length))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}` };
}

/** Searches by the keyboard; the titles of the results. */
async function search(page: Page, words: string): Promise<string[]> {
  await page.keyboard.press("/");
  await page.getByRole("searchbox").fill(words);
  await page.locator("dialog li").first().waitFor();
  return page.locator("dialog li a > div").allTextContents();
}

describe.skipIf(missing !== "")(`the documentation's site in a browser${missing}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test.each([
    ["light", 1280],
    ["dark", 390],
  ] as const)(
    "axe-core finds nothing serious on its pages in the %s, %i pixels wide, and none is wider than the window",
    async (colorScheme, width) => {
      for (const name of ["index.html", "methods/sync.html", "api/painting-a-panorama.html"]) {
        const { page, complaints, requests } = await open(browser, join(out, name), { colorScheme, viewport: { width, height: 844 } });
        await page.locator(name === "index.html" ? ".veduta-stage" : "article").waitFor();
        expect(await serious(page), name).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(width);
        expect(complaints, name).toEqual([]);
        expect(requests.filter((address) => !/^(file|blob):/.test(address))).toEqual([]);
        await page.close();
      }
    },
  );

  test("searches from a disk, and opens what it found", async () => {
    const { page, complaints } = await open(browser, join(out, "docs/viewer.html"));
    expect((await search(page, "anchorImage")).length).toBeGreaterThan(1);
    expect(await search(page, "little planet")).not.toEqual([]);
    expect((await search(page, "syncDiffusion"))[0]).toContain("yncDiffusion");
    expect(await serious(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.pathname.endsWith("docs/viewer.html"));
    expect(complaints).toEqual([]);
  });

  test("works under a path of a server: pages, search and pictures ask that server alone", async () => {
    const { server, address } = await serveUnder("/some/where/");
    const page = await browser.newPage();
    const elsewhere: string[] = [];
    page.on(
      "request",
      (request) => !/^(data|blob):/.test(request.url()) && !request.url().startsWith(address) && elsewhere.push(request.url()),
    );
    page.on("response", (response) => response.status() >= 400 && elsewhere.push(`${response.status()} ${response.url()}`));
    await page.goto(`${address}methods/sync.html`);
    expect(await page.locator("article img").evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(768);
    await page.getByRole("link", { name: "MultiDiffusion", exact: true }).first().click();
    await page.getByRole("heading", { name: "MultiDiffusion", level: 1 }).waitFor();
    expect(await search(page, "decay")).not.toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Dark or light" }).click();
    expect(await page.evaluate(() => document.documentElement.dataset.scheme)).toBe("dark");
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset.scheme)).toBe("dark");
    expect(elsewhere).toEqual([]);
    server.close();
  });
});
