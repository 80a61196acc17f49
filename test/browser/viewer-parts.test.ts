import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { panoramaFigure, type StepPicture, viewerScript, windowsSpec } from "#kernel-lib/pages/panorama-figure.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";
import { colourAt, launch, missing, open, type PageRoot, pages, press, set, settled, state } from "./browser.js";

const coverage = stripCoverage({ width: 768, height: 128, edge: "wrap" });
const png = async (image: Tensor) => dataUrl("image/png", await encodePng(image));
const grey = (value: number): Tensor => ({ ...zeros([1, 3, 128, 768]), data: new Float32Array(3 * 128 * 768).fill(value) });

const red = async (page: Page, u: number): Promise<number> => (await colourAt(page, u))[0];

describe.skipIf(missing !== "")(`the viewer's parts${missing}`, () => {
  const folder = pages();
  let browser: Browser;
  let [pair, painted] = ["", ""];
  beforeAll(async () => {
    browser = await launch();
    const script = `<script>${viewerScript()}</script>`;
    const label = `<b onclick="hacked=1">other</b>`;
    const others = [{ src: await png(grey(0.6)), label, coverage }];
    const state = { projection: "perspective" } as const; // where the picture fills the view
    pair = folder.write(
      `<!doctype html><meta charset=utf-8>${panoramaFigure("v", { src: await png(grey(0.4)), alt: "grey", spec: { coverage, others, label: "this", state } })}${script}`,
    );
    const run = paintedRun({ steps: 4 });
    const steps: StepPicture[] = await Promise.all(
      run.steps.map(async ({ index, preview }) => ({ src: await png(await preview()), label: `step ${index}` })),
    );
    const windows = windowsSpec({ width: 768, height: 128, scaleFactor: 8 }, run.steps, [0, 1, 2, 3]);
    painted = folder.write(
      `<!doctype html><meta charset=utf-8>${panoramaFigure("v", { src: await png(landscape(768, 128)), alt: "ridges", spec: { coverage, steps, windows, state } })}${script}`,
    );
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });

  test("a swing after a drag fades out, and none follows where less motion is asked for", async () => {
    const came: number[] = [];
    for (const reducedMotion of ["reduce", "no-preference"] as const) {
      const { page } = await open(browser, painted, { reducedMotion });
      await settled(page);
      // In the page itself: between its moves and the lifting no other process takes its time.
      await page.locator(".veduta-stage canvas").evaluate(async (canvas) => {
        canvas.setPointerCapture = () => {}; // made-up pointers cannot be captured
        const send = (type: string, clientX: number) =>
          canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX, clientY: 100, button: 0 }));
        send("pointerdown", 300);
        for (let k = 1; k < 7; k++) {
          await new Promise((done) => setTimeout(done, 10));
          send("pointermove", 300 - 15 * k);
        }
        send("pointerup", 210);
      });
      await page.waitForTimeout(400);
      came.push((await state(page)).heading as number);
      const drawn = await page.evaluate(async () => {
        await new Promise((done) => setTimeout(done, 4000));
        let count = 0;
        document.querySelector(".veduta-panorama")?.addEventListener("veduta:drawn", () => count++);
        await new Promise((done) => setTimeout(done, 300));
        return count;
      });
      expect(drawn).toBe(0);
      await page.close();
    }
    expect(came[1]).toBeGreaterThan(came[0] + 0.5);
  });

  test("key 2 shows a planet from above, as the menu does, and key 1 looks ahead again", async () => {
    const { page, complaints } = await open(browser, painted);
    await settled(page);
    const before = await state(page);
    await press(page, "2");
    const planet = await state(page);
    expect(planet).toMatchObject({ projection: "planet", pitch: -90, fov: 230 });
    await press(page, "1");
    expect(await state(page)).toEqual(before);
    await page.getByRole("combobox", { name: "Projection" }).selectOption("planet");
    expect(await state(page)).toEqual(planet);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("the question mark shows the keys that do something in this viewer", async () => {
    const { page, complaints } = await open(browser, painted);
    await settled(page);
    await press(page, "?");
    const panel = page.getByRole("region", { name: "Keys" });
    await panel.waitFor();
    const text = (await panel.textContent()) ?? "";
    for (const what of ["little planet", "turn slowly", "look at the cut"]) expect(text).toContain(what);
    expect(text).not.toContain("side by side"); // nothing is compared
    await press(page, "?");
    expect(await panel.isVisible()).toBe(false);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("turns slowly by itself until the user acts, and not where less motion is asked for", async () => {
    const { page } = await open(browser, painted);
    await settled(page);
    await page.getByRole("button", { name: "Turn slowly" }).click();
    await expect.poll(async () => (await state(page)).heading).toBeGreaterThan(1);
    await press(page, "+");
    const { heading } = await state(page);
    await page.waitForTimeout(200);
    expect((await state(page)).heading).toBe(heading);
    await page.close();
    const still = await open(browser, painted, { reducedMotion: "reduce" });
    await settled(still.page);
    expect(await still.page.getByRole("button", { name: "Turn slowly" }).isVisible()).toBe(false);
    await still.page.close();
  });

  test("plays the steps to the last, around when looping, and stops at a press", async () => {
    const { page, complaints } = await open(browser, painted);
    await settled(page);
    await page.getByRole("combobox", { name: "Speed" }).selectOption("2");
    await page.getByRole("button", { name: "Play the steps" }).click();
    await expect.poll(async () => (await state(page)).step, { interval: 20 }).toBe(0);
    await page.getByRole("combobox", { name: "Speed" }).selectOption("20");
    await expect.poll(async () => (await state(page)).step).toBe(3);
    await page.getByRole("button", { name: "Play the steps" }).waitFor(); // stopped by itself
    await page.getByRole("button", { name: "Play again and again" }).click();
    await press(page, " ");
    const seen = new Set<unknown>();
    await expect.poll(async () => seen.add((await state(page)).step).size, { interval: 20 }).toBe(4);
    await press(page, " ");
    await page.waitForTimeout(150);
    const { step } = await state(page);
    await page.waitForTimeout(200);
    expect((await state(page)).step).toBe(step);
    await set(page, { step: 2 });
    await press(page, "[");
    expect((await state(page)).step).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("frames of the windows lie where the windows are, only when asked for; a click opens one's curves and picture", async () => {
    const { page, complaints } = await open(browser, painted);
    await set(page, { fov: 60 });
    const row = () =>
      page.evaluate(() => {
        const canvas = document.querySelector(".veduta-stage canvas") as HTMLCanvasElement;
        const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d") as OffscreenCanvasRenderingContext2D;
        pen.drawImage(canvas, 0, 0);
        return [...pen.getImageData(0, Math.floor(canvas.height * 0.5), canvas.width, 1).data];
      });
    const bare = await row();
    await press(page, "w");
    await settled(page);
    await expect.poll(row).not.toEqual(bare);
    expect(await page.textContent(".veduta-windows p")).toContain("24 windows; the dashed white one, 10, is the anchor");
    const box = await page.locator(".veduta-stage canvas").boundingBox();
    if (!box) throw new Error("no canvas");
    // Window 12 of 16 latent pixels begins at 48: its middle, 56 of 96, is 30° right.
    await set(page, { heading: 30 });
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await expect
      .poll(() => page.textContent(".veduta-windows p"))
      .toMatch(/^Step 3, window 12: LPIPS [\d.]+ to the anchor, gradient norm [\d.]+\.$/);
    await page.mouse.down();
    await page.mouse.up();
    await page.getByRole("img", { name: "Gradient norm over the steps" }).waitFor();
    expect(await page.getByRole("img", { name: "What window 12 shows" }).evaluate((c: HTMLCanvasElement) => [c.width, c.height])).toEqual([
      128, 128,
    ]);
    expect(await page.locator(".veduta-windows > div p").allTextContents()).toContain("Every place is covered by 4 windows.");
    expect(await page.locator(".veduta-map").count()).toBe(0); // a map of one number would say nothing
    await press(page, "w");
    await set(page, { heading: 0 });
    await expect.poll(row).toEqual(bare);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("compares two pictures with one camera: swipe, side by side, blink, and their difference as a number", async () => {
    const { page, complaints } = await open(browser, pair);
    await set(page, { compare: "swipe" });
    expect([await red(page, 0.2), await red(page, 0.8)]).toEqual([102, 153]);
    for (let k = 0; k < 8; k++) await press(page, ",");
    await expect.poll(() => red(page, 0.2)).toBe(153);
    await set(page, { compare: "blend" }); // 0.1 of the second over the first
    await expect.poll(() => red(page, 0.5)).toBe(Math.round(0.9 * 102 + 0.1 * 153));
    expect(await page.textContent(".veduta-names")).toBe(`<b onclick="hacked=1">other</b> over this`);
    await set(page, { compare: "side" });
    expect([await red(page, 0.2), await red(page, 0.8)]).toEqual([102, 153]);
    expect(await page.textContent(".veduta-names")).toBe(`this | <b onclick="hacked=1">other</b>`);
    await set(page, { compare: "difference" });
    expect(await red(page, 0.5)).toBe(204);
    await expect.poll(() => page.textContent(".veduta-names")).toMatch(/^Mean difference 51\.00 of 255, shown 4 times as large$/);
    await set(page, { compare: "blink" });
    await expect.poll(() => red(page, 0.5)).toBe(153);
    await expect.poll(() => red(page, 0.5)).toBe(102);
    for (const [key, compare] of [
      ["b", null],
      ["s", "swipe"],
      ["x", "blend"],
      ["e", "side"],
      ["d", "difference"],
      ["Escape", null],
    ]) {
      await press(page, key as string);
      expect((await state(page)).compare, key as string).toBe(compare);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("the cut has a score, and one key looks at it", async () => {
    const { page } = await open(browser, painted);
    await settled(page);
    await page.getByRole("button", { name: "Seam" }).click();
    const score = page.locator(".veduta-seam p").first();
    await expect.poll(async () => Number(/, ([\d.]+) times/.exec((await score.textContent()) ?? "")?.[1])).toBeLessThan(1.5);
    await press(page, "g");
    expect((await state(page)).heading).toBe(-180);
    await press(page, "r");
    expect((await state(page)).heading).toBe(0);
    await page.close();
    const cut = landscape(1024, 128); // half of it: its ends do not meet
    const half = {
      shape: [1, 3, 128, 768],
      data: zeros([1, 3, 128, 768]).data.map((_, k) => cut.data[Math.floor(k / 768) * 1024 + (k % 768)]),
    };
    const file = folder.write(
      `<!doctype html>${panoramaFigure("v", { src: await png(half), alt: "cut", spec: { coverage } })}<script>${viewerScript()}</script>`,
    );
    const broken = await open(browser, file);
    await settled(broken.page);
    await broken.page.getByRole("button", { name: "Seam" }).click();
    await expect
      .poll(async () => Number(/, ([\d.]+) times/.exec((await broken.page.textContent(".veduta-seam p")) ?? "")?.[1]))
      .toBeGreaterThan(3);
    await broken.page.close();
  });

  test("keeps the view at any size, the source under it, and a link that restores it exactly", async () => {
    const { page } = await open(browser, painted);
    await set(page, { heading: 170, fov: 30, pitch: 3, step: 2 });
    const sizes = await page.evaluate(async () => {
      const { viewer } = document.querySelector(".veduta-panorama") as PageRoot & {
        viewer: { screenshot(size: object): Promise<Blob>; crop(): Promise<Blob> };
      };
      const size = async (blob: Blob) => {
        const { width, height } = await createImageBitmap(blob);
        return [width, height];
      };
      const refused = await viewer.screenshot({ width: 0, height: 5 }).catch((error: Error) => error.message);
      return { view: await size(await viewer.screenshot({ width: 1000, height: 333 })), crop: await size(await viewer.crop()), refused };
    });
    expect(sizes.view).toEqual([1000, 333]);
    expect(sizes.refused).toBe("viewer.screenshot: got width 0, want a whole number from 1 to 8192");
    const { width, height } = (await page.locator(".veduta-stage canvas").boundingBox()) ?? { width: 1, height: 1 };
    const across = (2 * Math.atan((Math.tan(Math.PI / 12) * width) / height) * 180) / Math.PI;
    expect(Math.abs(sizes.crop[0] - (across / 360) * 768)).toBeLessThan(6);
    await page.getByRole("button", { name: "Save / share" }).click();
    await page.getByRole("button", { name: "Copy a link" }).click();
    const address = await page.locator(".veduta-keep textarea").inputValue();
    const wanted = await state(page);
    await page.goto("about:blank");
    await page.goto(address);
    await settled(page);
    expect(await state(page)).toEqual(wanted);
    await page.getByRole("button", { name: "Save / share" }).click();
    await page.locator(".veduta-keep textarea").fill('{"heading":12,"step":9}');
    await page.getByRole("button", { name: "Go to the pasted view" }).click();
    expect(await page.textContent(".veduta-keep p")).toBe("viewer.state.step: got 9, want a whole number from 0 to 3");
    await page.locator(".veduta-keep textarea").fill('{"heading":12,"step":1}');
    await page.getByRole("button", { name: "Go to the pasted view" }).click();
    expect(await state(page)).toMatchObject({ heading: 12, step: 1 });
    await page.close();
  });

  test("200 rounds of mounting and removing leave no texture, no node and no listener behind", async () => {
    const { page, complaints } = await open(browser, painted, {
      prepare: (made) =>
        made.addInitScript(() => {
          const [gl, counter] = [WebGL2RenderingContext.prototype, globalThis as { textures?: number }];
          const { createTexture, deleteTexture } = gl;
          counter.textures = 0;
          gl.createTexture = function (this: WebGL2RenderingContext) {
            counter.textures = (counter.textures ?? 0) + 1;
            return createTexture.call(this);
          };
          gl.deleteTexture = function (this: WebGL2RenderingContext, texture) {
            counter.textures = (counter.textures ?? 0) - 1;
            deleteTexture.call(this, texture);
          };
        }),
    });
    await settled(page);
    const client = await page.context().newCDPSession(page);
    const rounds = (count: number) =>
      page.evaluate(async (n) => {
        const model = document.querySelector(".veduta-panorama > img") as HTMLImageElement;
        const queue = (globalThis as unknown as { __veduta: { push(...jobs: unknown[]): void } }).__veduta;
        for (let k = 0; k < n; k++) {
          const root = document.createElement("div") as unknown as PageRoot;
          root.id = "again";
          root.className = "veduta-panorama";
          root.append(model.cloneNode());
          document.body.prepend(root);
          queue.push(["again", "panorama", { coverage: { projection: "cylinder", horizontal: 360, vertical: 55, edge: "wrap" } }]);
          if (k % 20 === 0) await root.viewer.settled();
          root.remove();
          await Promise.resolve();
        }
        await new Promise((done) => setTimeout(done, 300));
      }, count);
    const counts = async () => {
      await client.send("HeapProfiler.collectGarbage");
      const { nodes, jsEventListeners } = await client.send("Memory.getDOMCounters");
      return { nodes, jsEventListeners, textures: await page.evaluate(() => (globalThis as { textures?: number }).textures ?? 0) };
    };
    await rounds(20);
    const before = await counts();
    await rounds(200);
    const after = await counts();
    expect(after.textures).toBeLessThanOrEqual(before.textures);
    expect(before.textures).toBeGreaterThan(0);
    expect(after.nodes).toBeLessThan(before.nodes + 200);
    expect(after.jsEventListeners).toBeLessThan(before.jsEventListeners + 50);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a viewer off screen keeps its picture and gives its texture back; an output that moves stays live", async () => {
    const { page } = await open(browser, painted);
    await settled(page);
    const moved = await page.evaluate(async () => {
      const root = document.querySelector(".veduta-panorama") as PageRoot;
      const { viewer } = root;
      viewer.state = { heading: 40 };
      await viewer.settled();
      const gap = document.createElement("div");
      gap.style.height = "3000px";
      root.before(gap);
      await new Promise((done) => setTimeout(done, 300));
      const canvas = root.querySelector("canvas") as HTMLCanvasElement;
      const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(100, 100, 1, 1);
      viewer.state = { heading: -20 };
      await viewer.settled(); // off screen too
      root.remove();
      await new Promise((done) => setTimeout(done, 50));
      const gone = root.viewer === undefined;
      gap.before(root);
      await new Promise((done) => setTimeout(done, 50));
      await root.viewer.settled();
      return { lit: data[0] + data[1] + data[2] > 0, gone, live: root.dataset.state };
    });
    expect(moved).toEqual({ lit: true, gone: true, live: "live" });
    await page.close();
  });

  test("follows a device that tells how it is held, from where it was, until the user acts", async () => {
    const { page } = await open(browser, painted, {
      hasTouch: true,
      isMobile: true,
      viewport: { width: 400, height: 700 },
      prepare: (made) =>
        made.addInitScript(() => {
          Object.assign(DeviceOrientationEvent, { requestPermission: async () => "granted" });
        }),
    });
    await set(page, { heading: 20 });
    await page.getByRole("button", { name: "Follow the device" }).click();
    const hold = (alpha: number, beta: number, gamma: number) =>
      page.evaluate(
        ([a, b, c]) => {
          dispatchEvent(new DeviceOrientationEvent("deviceorientation", { alpha: a, beta: b, gamma: c }));
        },
        [alpha, beta, gamma],
      );
    await hold(100, 90, 0); // upright: what it sees is where it points
    expect(await state(page)).toMatchObject({ heading: expect.closeTo(20, 6), pitch: expect.closeTo(0, 6), roll: expect.closeTo(0, 6) });
    await hold(70, 90, 0); // alpha grows to the left
    expect((await state(page)).heading).toBeCloseTo(50, 6);
    await hold(70, 110, 0); // its top tilts back: it looks up
    expect((await state(page)).pitch).toBeCloseTo(20, 6);
    await page.evaluate(() => Object.defineProperty(screen.orientation, "angle", { value: 90 }));
    await hold(0, 0, -90); // on its side, and its screen has turned with it: the view is level
    expect(await state(page)).toMatchObject({ pitch: expect.closeTo(0, 6), roll: expect.closeTo(0, 6) });
    const { heading } = await state(page);
    await press(page, "+");
    await hold(0, 90, 0);
    expect((await state(page)).heading).toBeCloseTo(heading as number, 6);
    await page.close();
  });

  test("a picture larger than the graphics card takes is shown scaled, and says so", async () => {
    const { page, complaints } = await open(browser, pair, {
      prepare: (made) =>
        made.addInitScript(() => {
          const real = WebGL2RenderingContext.prototype.getParameter;
          WebGL2RenderingContext.prototype.getParameter = function (this: WebGL2RenderingContext, name: number) {
            return name === WebGL2RenderingContext.MAX_TEXTURE_SIZE ? 512 : real.call(this, name);
          };
        }),
    });
    await settled(page);
    expect(await page.textContent(".veduta-note")).toBe("768 pixels wide; this graphics card allows 512, so it is shown scaled down.");
    expect(await red(page, 0.5)).toBe(102);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("six faces of a cube and a compared picture that are too large are scaled too", async () => {
    const cube = { projection: "cube", horizontal: 360, vertical: 180, edge: "wrap" } as const;
    const faces: Tensor = { ...zeros([1, 3, 128, 768]), data: new Float32Array(3 * 128 * 768).fill(0.4) };
    const others = [{ src: await png(grey(0.6)), label: "other", coverage }];
    const figure = panoramaFigure("v", { src: await png(faces), alt: "cube", spec: { coverage: cube, others } });
    const { page, complaints } = await open(browser, folder.write(`<!doctype html>${figure}<script>${viewerScript()}</script>`), {
      prepare: (made) =>
        made.addInitScript(() => {
          const real = WebGL2RenderingContext.prototype.getParameter;
          const least: Record<number, number> = {
            [WebGL2RenderingContext.MAX_TEXTURE_SIZE]: 512,
            [WebGL2RenderingContext.MAX_CUBE_MAP_TEXTURE_SIZE]: 64,
          };
          WebGL2RenderingContext.prototype.getParameter = function (this: WebGL2RenderingContext, name: number) {
            return least[name] ?? real.call(this, name);
          };
        }),
    });
    await settled(page);
    expect(await page.textContent(".veduta-note")).toBe("768 pixels wide; this graphics card allows 384, so it is shown scaled down.");
    expect(await red(page, 0.5)).toBe(102);
    await set(page, { compare: "swipe" });
    expect([await red(page, 0.2), await red(page, 0.8)]).toEqual([102, 153]);
    await expect.poll(() => page.textContent(".veduta-note")).toContain("this graphics card allows 512");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("fills the screen by its button and by a key, and gives it back with its view as it was", async () => {
    const { page, complaints } = await open(browser, painted);
    await set(page, { heading: 33 });
    const full = () => page.evaluate(() => document.fullscreenElement?.id ?? null);
    const height = async () => (await page.locator(".veduta-stage canvas").boundingBox())?.height ?? 0;
    const before = await height();
    await page.getByRole("button", { name: "Full screen" }).click();
    await expect.poll(full).toBe("v");
    await settled(page);
    const { clientHeight } = await page.evaluate(() => ({ clientHeight: document.documentElement.clientHeight }));
    await expect.poll(height).toBeGreaterThan(clientHeight * 0.75); // the controls stay below
    await press(page, "f");
    await expect.poll(full).toBeNull();
    await expect.poll(height).toBe(before);
    expect(await state(page)).toMatchObject({ heading: 33 });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("tells how even the poles of a full sphere are, and looks at them", async () => {
    const sphere = { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" } as const;
    const [wide, high] = [256, 128];
    // Each row of one colour, but for the lowest, which goes from 0 to 1 and back: its mean distance from its mean, 1/2, is 1/4.
    const image: Tensor = zeros([1, 3, high, wide]);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < high; y++)
        for (let x = 0; x < wide; x++)
          image.data[(c * high + y) * wide + x] = y < high - 1 ? 0.3 : 1 - Math.abs(((x + 0.5) / wide) * 2 - 1);
    const figure = panoramaFigure("v", { src: await png(image), alt: "sphere", spec: { coverage: sphere } });
    const { page, complaints } = await open(browser, folder.write(`<!doctype html>${figure}<script>${viewerScript()}</script>`));
    await settled(page);
    await page.getByRole("button", { name: "Seam" }).click();
    const said = async () =>
      /([\d.]+) at the top, ([\d.]+) at the bottom/
        .exec((await page.textContent(".veduta-seam")) ?? "")
        ?.slice(1)
        .map(Number);
    await expect.poll(said).toEqual([0, expect.closeTo(255 / 4, 0)]);
    for (const [name, pitch] of [
      ["Look straight up", 90],
      ["Look straight down", -90],
    ] as const) {
      await page.getByRole("button", { name }).click();
      expect((await state(page)).pitch).toBe(pitch);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });
});
