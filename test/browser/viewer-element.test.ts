/** `<veduta-panorama>`: the viewer as an element of any page. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { gpanoOf, gpanoXmp } from "#kernel-lib/panorama/gpano.js";
import { landscape } from "../fixtures/painted-run.js";
import { launch, missing, open, type PageRoot, type PageViewer, pages } from "./browser.js";

const SCRIPT = new URL("../../dist/viewer/veduta-viewer.js", import.meta.url);
/** A page that allows scripts of files and pictures in addresses, and no style, no frame and no request. */
const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src file:; img-src data:; base-uri 'none'">`;
type PanoramaElement = HTMLElement & { readonly viewer?: PageViewer };

const live = (page: Page, count = 1): Promise<void> =>
  page.waitForFunction((n) => document.querySelectorAll(".veduta-panorama[data-state=live]").length === n, count).then(() => {});
const stateOf = (page: Page) => page.evaluate(() => ({ ...document.querySelector<PanoramaElement>("veduta-panorama")?.viewer?.state }));

describe.skipIf(missing !== "")(`the element of any page${missing}`, () => {
  const folder = pages();
  let browser: Browser;
  let server: Server;
  let address = "";
  let [sphere, strip] = ["", ""];
  beforeAll(async () => {
    browser = await launch();
    sphere = dataUrl("image/png", await encodePng(landscape(256, 128)));
    strip = dataUrl("image/png", await encodePng(landscape(384, 64)));
    const gpano = gpanoOf(300, 75, { projection: "equirectangular", horizontal: 300, vertical: 75, edge: "open" });
    const tagged = Buffer.from(await encodePng(landscape(300, 75), gpano ? { xmp: gpanoXmp(gpano) } : {}));
    const files: Record<string, [type: string, body: string | Buffer]> = {
      "/": [
        "text/html",
        `<!doctype html><script src="/viewer.js" defer></script><veduta-panorama src="tagged.png" alt="A tagged picture"></veduta-panorama>`,
      ],
      "/viewer.js": ["text/javascript", readFileSync(SCRIPT)],
      "/tagged.png": ["image/png", tagged],
    };
    const policy = "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'";
    server = createServer(({ url = "" }, answer) => {
      const [type, body] = files[url] ?? ["image/x-icon", ""];
      answer.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    folder.remove();
  });
  const written = (body: string) =>
    folder.write(`<!doctype html><meta charset=utf-8>${POLICY}<body>${body}<script src="${fileURLToPath(SCRIPT)}"></script>`);

  test("shows a picture from a file, under a policy that allows nothing but it and its script", async () => {
    const { page, complaints, requests } = await open(
      browser,
      written(`<veduta-panorama src="${sphere}" alt="Hills" caption="<b>mine</b>"></veduta-panorama>`),
    );
    await live(page);
    expect(await stateOf(page)).toMatchObject({ projection: "perspective", fov: 75, compare: null });
    expect(await page.textContent(".veduta-caption")).toBe("<b>mine</b>");
    expect(await page.getByRole("application", { name: /^Hills\. / }).count()).toBe(1);
    const stage = await page.locator(".veduta-stage").boundingBox();
    expect(stage?.height).toBeGreaterThan(200); // its style is there
    expect({ complaints, requests: requests.filter((url) => !url.endsWith("veduta-viewer.js")) }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("takes its view, what it covers and a second picture from attributes", async () => {
    const element = `<veduta-panorama src="${strip}" label="a" compare="${strip}" compare-label="b" haov="120" projection="cylinder" state='{"heading":20,"fov":30}'></veduta-panorama>`;
    const { page, complaints } = await open(browser, written(element));
    await live(page);
    expect(await stateOf(page)).toMatchObject({ heading: 20, fov: 30, compare: "swipe" });
    expect(await page.locator(".veduta-side").allTextContents()).toEqual(["a", "b"]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("made, changed and removed by a script, it shows the last change and frees its viewer", async () => {
    const { page, complaints } = await open(browser, written("<div id=app></div>"));
    await page.evaluate((src) => {
      const element = document.createElement("veduta-panorama");
      element.setAttribute("src", src);
      document.getElementById("app")?.append(element);
    }, sphere);
    await live(page);
    const heard = page.evaluate(
      () =>
        new Promise((done) =>
          document.addEventListener("veduta:state", ({ target }) => done((target as PageRoot).viewer.state.heading), { once: true }),
        ),
    );
    await page.evaluate(() => {
      const { viewer } = document.querySelector<PanoramaElement>("veduta-panorama") ?? {};
      if (viewer) viewer.state = { heading: 42 };
    });
    expect(await heard).toBe(42);
    await page.evaluate((src) => {
      const element = document.querySelector("veduta-panorama");
      for (const [name, value] of [
        ["haov", "90"],
        ["caption", "first"],
        ["caption", "second"],
        ["src", src],
      ])
        element?.setAttribute(name, value);
    }, strip);
    await page.waitForFunction(() => document.querySelector(".veduta-caption")?.textContent === "second");
    await live(page);
    const viewerGone = await page.evaluate(async () => {
      const element = document.querySelector<PanoramaElement>("veduta-panorama");
      const root = element?.querySelector<PageRoot>(".veduta-panorama");
      element?.remove();
      await new Promise((done) => setTimeout(done, 100));
      return root?.viewer === undefined;
    });
    expect(viewerGone).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("reads the tags of a served picture, and tells of one that is not there", async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    await page.goto(address);
    await live(page);
    await page.evaluate(() => {
      const { viewer } = document.querySelector<PanoramaElement>("veduta-panorama") ?? {};
      if (viewer) viewer.state = { projection: "flat" };
    });
    expect(await page.getAttribute(".veduta-stage canvas", "aria-label")).toContain("Covers 300° × 75°.");
    expect(complaints).toEqual([]);
    const failed = page.evaluate(
      () =>
        new Promise((done) =>
          document.addEventListener("veduta:error", (event) => done(String((event as CustomEvent).detail)), { once: true }),
        ),
    );
    await page.evaluate(() => document.querySelector("veduta-panorama")?.setAttribute("src", "nothing.png"));
    expect(await failed).toContain("EncodingError");
    await page.close();
  });
});
