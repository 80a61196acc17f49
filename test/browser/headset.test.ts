import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { panoramaFigure, viewerScript } from "#kernel-lib/pages/panorama-figure.js";
import type { Coverage } from "#kernel-lib/panorama/coverage.js";
import { colourAt, launch, missing, open, pages, set, state } from "./browser.js";
import { colourOf, degrees, picture, radians, spin } from "./test-panorama.js";

const sphere: Coverage = { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" };
const EYE = 128; // pixels a side

/** Degrees, as a head is turned. */
interface Turned {
  readonly heading: number;
  readonly pitch: number;
  readonly roll: number;
}
/** What an eye sees at its four edges, as tangents: not symmetric, as in real headsets. */
interface Frustum {
  readonly left: number;
  readonly right: number;
  readonly down: number;
  readonly up: number;
}
interface EyeSight {
  readonly turned: Turned;
  readonly frustum: Frustum;
}

/** A direction of the eye (x right, y up, z ahead) in the room, by turning about one axis after the other. */
function inRoom([right, above, ahead]: readonly number[], { heading, pitch, roll }: Turned): number[] {
  let [x, y, z] = [right, above, ahead];
  [x, y] = spin(x, y, -radians(roll));
  [z, y] = spin(z, y, radians(pitch));
  [z, x] = spin(z, x, radians(heading));
  return [x, y, z];
}

/** The eye's matrix in columns, as WebXR has it: z backwards, and a place of its own that the picture must not follow. */
function matrixOf(turned: Turned): number[] {
  const column = (axis: number[]) => {
    const [x, y, z] = inRoom(axis, turned);
    return [x, y, -z, 0];
  };
  return [...column([1, 0, 0]), ...column([0, 1, 0]), ...column([0, 0, -1]), 0.3, 1.6, -0.2, 1];
}

/** glFrustum's matrix, in columns. */
const projectionOf = ({ left, right, down, up }: Frustum): number[] => [
  ...[2 / (right - left), 0, 0, 0],
  ...[0, 2 / (up - down), 0, 0],
  ...[(right + left) / (right - left), (up + down) / (up - down), -1, -1],
  ...[0, 0, -0.2, 0],
];

interface StubbedHeadset {
  /** Runs one frame. @returns the RGBA bytes of the headset's framebuffer, rows from below; undefined where nobody waits for a frame */
  frame(views: { matrix: number[]; projection: number[] }[]): number[] | undefined;
  has: boolean;
  change(): void;
  sessions: number;
}
type Stubbed = typeof globalThis & { headset: StubbedHeadset };

/** A headset in the page: sessions whose frames the test gives, drawn by the page's own WebGL into a framebuffer that is read back. */
function stub(eye: number): void {
  const noAnswer = async () => {};
  Object.assign(WebGL2RenderingContext.prototype, { makeXRCompatible: noAnswer });
  let layer: { gl: WebGL2RenderingContext; framebuffer: WebGLFramebuffer } | undefined;
  let waiting: ((time: number, frame: unknown) => void)[] = [];
  let live = false;
  const xr = Object.assign(new EventTarget(), {
    isSessionSupported: async (mode: string) => mode === "immersive-vr" && headset.has,
    requestSession: async () => {
      headset.sessions++;
      live = true;
      const session = Object.assign(new EventTarget(), {
        updateRenderState: noAnswer,
        requestReferenceSpace: async () => ({}),
        requestAnimationFrame: (then: (time: number, frame: unknown) => void) => waiting.push(then),
        end: async () => {
          live = false;
          waiting = [];
          session.dispatchEvent(new Event("end"));
        },
      });
      return session;
    },
  });
  const headset: StubbedHeadset = {
    has: true,
    sessions: 0,
    change: () => xr.dispatchEvent(new Event("devicechange")),
    frame(views) {
      if (!live || waiting.length === 0 || !layer) return undefined;
      const now = waiting;
      waiting = [];
      const pose = {
        transform: { matrix: Float32Array.from(views[0].matrix) },
        views: views.map(({ matrix, projection }, k) => ({
          eye: ["left", "right"][k],
          transform: { matrix: Float32Array.from(matrix) },
          projectionMatrix: Float32Array.from(projection),
        })),
      };
      for (const then of now) then(0, { getViewerPose: () => pose });
      const { gl, framebuffer } = layer;
      const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING);
      const bytes = new Uint8Array(eye * 2 * eye * 4);
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.readPixels(0, 0, eye * 2, eye, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      gl.bindFramebuffer(gl.FRAMEBUFFER, bound);
      return [...bytes];
    },
  };
  class StubLayer {
    framebuffer: WebGLFramebuffer;
    framebufferWidth = eye * 2;
    framebufferHeight = eye;
    constructor(_session: unknown, gl: WebGL2RenderingContext) {
      const [bound, texture] = [gl.getParameter(gl.FRAMEBUFFER_BINDING), gl.getParameter(gl.TEXTURE_BINDING_2D)];
      this.framebuffer = gl.createFramebuffer();
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, eye * 2, eye, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.bindFramebuffer(gl.FRAMEBUFFER, bound);
      layer = { gl, framebuffer: this.framebuffer };
    }
    getViewport(view: { eye: string }) {
      return { x: view.eye === "left" ? 0 : eye, y: 0, width: eye, height: eye };
    }
  }
  Object.defineProperty(navigator, "xr", { value: xr });
  Object.assign(globalThis, { XRWebGLLayer: StubLayer, headset });
}

describe.skipIf(missing !== "")(`the viewer in a headset${missing}`, () => {
  const folder = pages();
  let browser: Browser;
  let file = "";
  beforeAll(async () => {
    browser = await launch();
    const src = dataUrl("image/png", await encodePng(picture(1024, 512, sphere)));
    file = folder.write(
      `<!doctype html><meta charset=utf-8>${panoramaFigure("v", { src, alt: "test", spec: { coverage: sphere } })}<script>${viewerScript()}</script>`,
    );
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });
  const frame = (page: Page, eyes: readonly EyeSight[]) =>
    page.evaluate(
      (views) => (globalThis as Stubbed).headset.frame(views),
      eyes.map(({ turned, frustum }) => ({ matrix: matrixOf(turned), projection: projectionOf(frustum) })),
    );
  /** The largest difference, of 255, between an eye's pixels and the colours of what they look at. */
  const worst = (bytes: readonly number[], k: number, { turned, frustum }: EyeSight, turn: number): number => {
    let most = 0;
    for (let j = 0; j < EYE; j += 9)
      for (let i = 0; i < EYE; i += 9) {
        const { left, right, down, up } = frustum;
        const [u, v] = [left + ((right - left) * (i + 0.5)) / EYE, down + ((up - down) * (j + 0.5)) / EYE];
        const [x, y, z] = inRoom([u, v, 1], turned);
        const wanted = colourOf(degrees(Math.atan2(x, z)) + turn, degrees(Math.atan2(y, Math.hypot(x, z))));
        for (const [c, value] of wanted.entries())
          most = Math.max(most, Math.abs(value * 255 - bytes[(j * EYE * 2 + k * EYE + i) * 4 + c]));
      }
    return most;
  };

  test("each eye sees every direction in its colour, wherever the head turns; at the end the page is as it was", async () => {
    const { page, complaints } = await open(browser, file, { prepare: (made) => made.addInitScript(stub, EYE) });
    await set(page, { heading: 40, pitch: 10, fov: 70, projection: "panini" });
    const [before, colour] = [await state(page), await colourAt(page, 0.3, 0.4)];
    await page.getByRole("button", { name: "Enter VR" }).click();
    await page.getByRole("button", { name: "Leave VR" }).waitFor();
    const left: Frustum = { left: -1.2, right: 0.7, down: -1.1, up: 0.9 };
    const right: Frustum = { left: -0.7, right: 1.2, down: -1.1, up: 0.9 };
    const turn = 40 - 15; // the head's first heading, 15, is where the page looks, 40
    const heads: Turned[] = [
      { heading: 15, pitch: 0, roll: 0 },
      { heading: 120, pitch: -35, roll: 20 },
      { heading: -170, pitch: 80, roll: -5 },
    ];
    for (const head of heads) {
      const eyes = [
        { turned: head, frustum: left },
        { turned: { ...head, heading: head.heading + (head === heads[0] ? 0 : 4) }, frustum: right }, // screens may stand at an angle
      ];
      await expect.poll(() => frame(page, eyes)).toBeDefined();
      const bytes = (await frame(page, eyes)) as number[];
      for (const [k, sight] of eyes.entries()) expect(worst(bytes, k, sight, turn), JSON.stringify({ k, head })).toBeLessThanOrEqual(2);
    }
    await page.getByRole("button", { name: "Leave VR" }).click();
    await page.getByRole("button", { name: "Enter VR" }).waitFor();
    expect(await frame(page, [{ turned: heads[0], frustum: left }])).toBeUndefined(); // nobody draws any more
    await set(page, { heading: 41 });
    await set(page, { heading: 40 });
    expect(await state(page)).toEqual(before);
    expect(await colourAt(page, 0.3, 0.4)).toEqual(colour);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a viewer that leaves the page ends its session, and a headset that refuses is said", async () => {
    const { page, complaints } = await open(browser, file, { prepare: (made) => made.addInitScript(stub, EYE) });
    await set(page, {});
    const sight = [{ turned: { heading: 0, pitch: 0, roll: 0 }, frustum: { left: -1, right: 1, down: -1, up: 1 } }];
    await page.getByRole("button", { name: "Enter VR" }).click();
    await expect.poll(() => frame(page, sight)).toBeDefined();
    await page.evaluate(() => document.querySelector(".veduta-panorama")?.remove());
    await expect.poll(() => frame(page, sight)).toBeUndefined();
    await page.reload();
    await set(page, {});
    await page.evaluate(() => {
      Object.assign((navigator as unknown as { xr: object }).xr, { requestSession: async () => Promise.reject(new Error("in use")) });
    });
    await page.getByRole("button", { name: "Enter VR" }).click();
    await expect.poll(() => page.textContent(".veduta-said")).toBe("The headset could not be used: in use");
    expect(await page.getByRole("button", { name: "Enter VR" }).isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("the button is there only while there is a headset", async () => {
    const plain = await open(browser, file, {
      prepare: (made) => made.addInitScript(() => Object.defineProperty(navigator, "xr", { value: undefined })),
    });
    await set(plain.page, {});
    expect(await plain.page.getByRole("button", { name: "Enter VR" }).count()).toBe(0);
    await plain.page.close();
    const { page } = await open(browser, file, { prepare: (made) => made.addInitScript(stub, EYE) });
    await set(page, {});
    const button = page.getByRole("button", { name: "Enter VR" });
    await button.waitFor();
    for (const has of [false, true]) {
      await page.evaluate((there) => {
        const { headset } = globalThis as Stubbed;
        headset.has = there;
        headset.change();
      }, has);
      await expect.poll(() => button.count()).toBe(has ? 1 : 0);
    }
    await page.close();
  });
});
