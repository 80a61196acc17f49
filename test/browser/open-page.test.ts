import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { zeros } from "#kernel-lib/core/tensor.js";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { gpanoXmp } from "#kernel-lib/panorama/gpano.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";
import { launch, missing, open, set, settled, state } from "./browser.js";

const PAGE = fileURLToPath(new URL("../../dist/viewer/index.html", import.meta.url));
const WICKED = `<img src=x onerror="globalThis.hacked=1">`;
const asked = (requests: readonly string[]) => requests.filter((url) => !url.startsWith("blob:"));
const told = (page: Page) => page.textContent("#told");
const refused = (page: Page) => page.locator("#told li").allTextContents();
const pixels = async (width: number, height = 64) => Buffer.from(await encodePng(landscape(width, height)));

/** Drops real files and folders of this machine on the page, like a user, by the browser's own protocol. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  const send = (type: "dragEnter" | "dragOver" | "drop") => client.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
  await send("dragEnter");
  await send("dragOver");
  await page.locator("body.over").waitFor(); // until the page has said that it takes them
  await send("drop");
  await page.locator("body:not(.over)").waitFor();
  await client.detach();
}

describe.skipIf(missing !== "")(`the page that opens what is dropped on it${missing}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "veduta-open-"));
  let browser: Browser;
  let run = "";
  beforeAll(async () => {
    browser = await launch();
    run = (await saveRun(join(dir, "run"), paintedRun({ steps: 3, prompt: WICKED }))).dir;
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("takes several pictures to compare, and a picture as its fields say", async () => {
    const { page, complaints, requests } = await open(browser, PAGE);
    const file = async (name: string, width: number) => ({ name, mimeType: "image/png", buffer: await pixels(width) });
    await page.locator("#files").setInputFiles([await file("a.png", 128), await file("b.png", 128), await file("c.png", 128)]);
    await expect.poll(() => told(page)).toContain("a.png: a full sphere, because it is twice as wide as high. b.png");
    await settled(page);
    expect(await state(page)).toMatchObject({ compare: "swipe", projection: "perspective", pair: [0, 1] });
    await page.getByRole("button", { name: "Coverage" }).click();
    await page.locator("#haov").fill("360");
    await page.locator("#projection").selectOption("cylinder");
    await page.locator("#files").setInputFiles([await file("strip.png", 384)]);
    await expect.poll(() => told(page)).toBe("strip.png: 360° × 55.3° cylinder, as said");
    await settled(page);
    expect({ complaints, requests: asked(requests) }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("a dropped run's folder is its panorama, its steps and its windows; text of it stays text", async () => {
    const { page, complaints, requests } = await open(browser, PAGE);
    await drop(page, [run]);
    await expect.poll(() => told(page)).toBe(`${WICKED}: a run`);
    await settled(page);
    expect(await state(page)).toMatchObject({ step: 2, compare: null });
    await set(page, { step: 0 });
    expect(await page.textContent(".veduta-steps output")).toBe("step 0");
    await page.getByRole("button", { name: "Windows" }).click();
    expect(await page.textContent(".veduta-windows p")).toContain("24 windows; the dashed white one, 10, is the anchor");
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    expect({ complaints, requests: asked(requests) }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("a dropped picture is opened, with its GPano tags read, and a dropped text is refused", async () => {
    const { page, complaints } = await open(browser, PAGE);
    await drop(page, [join(run, "panorama.png")]);
    await expect.poll(() => told(page)).toMatch(/^panorama\.png: [\d.]+° × [\d.]+° equirectangular, by its GPano tags$/);
    await settled(page);
    expect(await page.getAttribute(".veduta-panorama", "data-state")).toBe("live");
    await drop(page, [join(run, "steps.json")]);
    await expect.poll(() => refused(page)).toEqual(["steps.json: got a file that this browser cannot show, want a PNG, JPEG or WebP"]);
    expect(await told(page)).toMatch(/^panorama\.png: /); // what is shown keeps its name
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a picture that does not tell what it covers is shown by a guess, which the fields change while it is shown", async () => {
    const { page, complaints } = await open(browser, PAGE);
    await page.locator("#files").setInputFiles([{ name: "sweep.png", mimeType: "image/png", buffer: await pixels(320) }]);
    await expect.poll(() => told(page)).toBe("sweep.png: 200° across is a guess, for it is an image that is not 2:1 and has no GPano tags");
    await settled(page);
    expect(await page.locator("#haov").getAttribute("placeholder")).toBe("200");
    await page.locator("#haov").fill("100");
    await expect.poll(() => told(page)).toBe("sweep.png: 100° × 20° equirectangular, as said");
    await page.locator("#haov").fill("400");
    await expect.poll(() => refused(page)).toEqual(["sweep.png: haov: got 400, want degrees above 0, at most 360"]);
    await page.locator("#haov").fill("");
    await expect.poll(() => told(page)).toContain("200° across is a guess");
    await expect.poll(() => refused(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("files that are refused hide no other, and a broken one says what is wrong with it", async () => {
    const { page, complaints } = await open(browser, PAGE);
    const png = await pixels(128);
    const jpeg = await sharp(png).jpeg().toBuffer();
    const webp = await sharp(png).webp().toBuffer();
    const file = (name: string, buffer: Buffer) => ({ name, mimeType: "image/png", buffer });
    const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
    await page
      .locator("#files")
      .setInputFiles([
        file("empty.jpg", Buffer.alloc(0)),
        file("half.jpg", half(jpeg)),
        file("whole.jpg", jpeg),
        file("half.png", half(png)),
        file("half.webp", half(webp)),
        file("whole.webp", webp),
        file("phone.heic", Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1")),
      ]);
    await expect
      .poll(() => refused(page))
      .toEqual([
        "empty.jpg: got an empty file, want a PNG, JPEG or WebP",
        "half.jpg: got a JPEG that ends in the middle, a part of the file, want a PNG, JPEG or WebP",
        "half.png: got a PNG that ends in the middle, a part of the file, want a PNG, JPEG or WebP",
        "half.webp: got a WebP that ends in the middle, a part of the file, want a PNG, JPEG or WebP",
        "phone.heic: got HEIC, which this browser does not show, want a PNG, JPEG or WebP",
      ]);
    await settled(page);
    expect(await page.textContent(".veduta-names")).toBe("whole.jpg | whole.webp");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a sample is one click away", async () => {
    const { page, complaints, requests } = await open(browser, PAGE);
    await page.getByRole("button", { name: "Try this one" }).click();
    await settled(page);
    expect(await told(page)).toBe("A sample: a full turn");
    expect(await page.textContent(".veduta-caption")).toContain("Made by Veduta's bundled model");
    expect({ complaints, requests: asked(requests) }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("a picture whose GPano tags lie above the horizon opens at its own middle", async () => {
    const { page, complaints } = await open(browser, PAGE);
    const gpano = { fullWidth: 768, fullHeight: 384, croppedWidth: 768, croppedHeight: 64, croppedLeft: 0, croppedTop: 32 };
    const buffer = Buffer.from(await encodePng(zeros([1, 3, 64, 768]), { xmp: gpanoXmp(gpano) }));
    await page.locator("#files").setInputFiles([{ name: "sky.png", mimeType: "image/png", buffer }]);
    await expect.poll(() => told(page)).toBe("sky.png: 360° × 30° equirectangular, by its GPano tags");
    await settled(page);
    expect((await state(page)).pitch).toBeCloseTo(60, 9);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("two dropped folders are two runs, compared step by step", async () => {
    const { page, complaints } = await open(browser, PAGE);
    await drop(page, [run, (await saveRun(join(dir, "multi"), paintedRun({ steps: 2, method: "multi", prompt: "hills" }))).dir]);
    await expect.poll(() => told(page)).toBe(`${WICKED}: a run. hills: a run`);
    await settled(page);
    expect(await state(page)).toMatchObject({ step: 2, compare: "swipe" });
    expect(await page.textContent(".veduta-names")).toBe(`${WICKED} | hills`);
    await set(page, { step: 0, compare: "difference" });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a chosen folder is opened as a dropped one is", async () => {
    const { page, complaints } = await open(browser, PAGE);
    expect(readdirSync(run)).toContain("steps.json");
    await page.locator("#folder").setInputFiles(run);
    await expect.poll(() => told(page)).toBe(`${WICKED}: a run`);
    await settled(page);
    expect(await state(page)).toMatchObject({ step: 2 });
    expect(complaints).toEqual([]);
    await page.close();
  });
});
