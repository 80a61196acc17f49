/**
 * @file The WebGL renderer, one per page, since browsers allow about 16 contexts. It draws views off screen; each viewer copies its view to its own
 * 2D
 * canvas, which keeps the picture.
 */
import {
  BufferAttribute,
  BufferGeometry,
  Camera,
  Color,
  GLSL3,
  Matrix3,
  Mesh,
  RawShaderMaterial,
  Vector2,
  Vector3,
  Vector4,
  WebGLRenderer,
  WebGLRenderTarget,
} from "three";
import { radians } from "../../kernel-lib/panorama/angles.js";
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import { type Projection, ruleOf } from "../../kernel-lib/panorama/projections.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import { type Axes, rotation } from "./camera.js";
import { fragmentShader, type Source, vertexShader } from "./shader.js";
import { createSurface, type Surface } from "./surface.js";

/** The page's WebGL renderer. */
export interface Renderer {
  readonly context: WebGL2RenderingContext;
  /** Makes a texture of a loaded image, scaled down if it is larger than the device allows. */
  surface(image: HTMLImageElement, coverage: Coverage): Surface;
  /** Draws a view. @returns a canvas, valid until the next view */
  draw(scene: Scene, view: View): HTMLCanvasElement;
  /** Waits until the graphics card has drawn. */
  finish(): void;
  /** Draws the view of each eye into a headset's framebuffer. */
  drawEyes(scene: Scene, layer: Layer, eyes: readonly Eye[]): void;
}

/** What is drawn: a texture and its coverage. */
export interface Scene {
  readonly surface: Surface;
  readonly coverage: Coverage;
  /** a CSS colour, "rgb(r, g, b)" */
  readonly background: string;
}

/** A view of a scene. */
export interface View {
  readonly state: ViewState;
  /** device pixels */
  readonly width: number;
  readonly height: number;
}

/** A WebXR layer: a framebuffer for both eyes, and its size in pixels. */
export type Layer = Pick<XRWebGLLayer, "framebuffer" | "framebufferWidth" | "framebufferHeight">;

/** One eye: its viewport in pixels from the lower left, and its projection. */
export interface Eye {
  readonly viewport: Pick<XRViewport, "x" | "y" | "width" | "height">;
  /** scale and offset that map a point of the viewport, (-1,-1) to (1,1), to the plane at distance 1 */
  readonly lens: readonly [number, number, number, number];
  /** its axes in the panorama's space, as `rotation` returns them */
  readonly axes: Axes;
}

/** A method that three.js uses for its own WebXR sessions; its types lack it. */
type FramebufferRenderer = WebGLRenderer & { setRenderTargetFramebuffer(target: WebGLRenderTarget, framebuffer: WebGLFramebuffer): void };

let shared: Renderer | null | undefined;

/** The page's renderer; null if the browser has no WebGL 2. `redraw` is called after a lost context was restored. */
export function pageRenderer(redraw: () => void): Renderer | null {
  if (shared === undefined) shared = createRenderer();
  if (shared) restored.add(redraw);
  return shared;
}

/** Removes a viewer's `redraw`. */
export const leaveRenderer = (redraw: () => void): boolean => restored.delete(redraw);

const restored = new Set<() => void>();

function createRenderer(): Renderer | null {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
  if (!context) return null;
  const webgl = new WebGLRenderer({ canvas, context });
  webgl.autoClear = false; // every pixel is drawn, and one eye must not clear the other's view
  canvas.addEventListener("webglcontextrestored", () => {
    for (const redraw of restored) requestAnimationFrame(redraw);
  });
  const triangle = new BufferGeometry().setAttribute("position", new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  const meshes = new Map<string, { mesh: Mesh; material: RawShaderMaterial }>();
  const camera = new Camera();
  const size = new Vector2();

  const meshOf = (projection: Projection, source: Source) => {
    const known = meshes.get(`${projection} ${source}`);
    if (known) return known;
    const material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader,
      fragmentShader: fragmentShader(projection, source),
      depthTest: false,
      depthWrite: false,
      uniforms: {
        lens: { value: new Vector4() },
        camera: { value: new Matrix3() },
        middle: { value: new Vector3() },
        picture: { value: null },
        faces: { value: null },
        texels: { value: new Vector2() },
        extent: { value: new Vector2() },
        anisotropy: { value: webgl.capabilities.getMaxAnisotropy() },
        centre: { value: 0 },
        cylinder: { value: 1 },
        wraps: { value: 0 },
        background: { value: new Color() },
      },
    });
    const mesh = new Mesh(triangle, material);
    mesh.frustumCulled = false;
    const made = { mesh, material };
    meshes.set(`${projection} ${source}`, made);
    return made;
  };

  /** The mesh that draws a scene through a lens. */
  const posed = ({ surface, coverage, background }: Scene, projection: Projection, lens: Eye["lens"], [x, y, z]: Axes) => {
    const { mesh, material } = meshOf(projection, surface.source);
    const { uniforms } = material;
    (uniforms.lens.value as Vector4).set(...lens);
    (uniforms.camera.value as Matrix3).set(...x, ...y, ...z);
    uniforms[surface.source === "cube" ? "faces" : "picture"].value = surface.texture;
    (uniforms.texels.value as Vector2).set(surface.held, surface.held * (surface.height / surface.width));
    (uniforms.extent.value as Vector2).set(radians(coverage.horizontal), radians(coverage.vertical));
    uniforms.centre.value = radians(coverage.centre ?? 0);
    uniforms.cylinder.value = coverage.projection === "cylinder" ? 1 : 0;
    uniforms.wraps.value = coverage.edge === "wrap" ? 1 : 0;
    (uniforms.background.value as Color).setRGB(...rgb(background));
    return { mesh, uniforms };
  };

  return {
    context,
    surface: (image, coverage) => createSurface(webgl, image, coverage),
    draw(scene, { state, width, height }) {
      webgl.getSize(size);
      if (size.x !== width || size.y !== height) webgl.setSize(width, height, false);
      const scale = ruleOf(state.projection).scale(radians(state.fov));
      const { mesh, uniforms } = posed(scene, state.projection, [(scale * width) / height, scale, 0, 0], rotation(state));
      (uniforms.middle.value as Vector3).set(radians(state.heading), radians(state.pitch), radians(state.roll));
      webgl.render(mesh, camera);
      return canvas;
    },
    finish: () => context.readPixels(0, 0, 1, 1, context.RGBA, context.UNSIGNED_BYTE, new Uint8Array(4)),
    drawEyes(scene, { framebuffer, framebufferWidth, framebufferHeight }, eyes) {
      const target = new WebGLRenderTarget(framebufferWidth, framebufferHeight, { depthBuffer: false });
      (webgl as FramebufferRenderer).setRenderTargetFramebuffer(target, framebuffer);
      for (const { viewport, lens, axes } of eyes) {
        target.viewport.set(viewport.x, viewport.y, viewport.width, viewport.height);
        webgl.setRenderTarget(target);
        webgl.render(posed(scene, "perspective", lens, axes).mesh, camera);
      }
      webgl.setRenderTarget(null);
    },
  };
}

/** Parses "rgb(r, g, b)", the form of getComputedStyle, into [0,1]. */
const rgb = (css: string): [number, number, number] => {
  const [r = 0, g = 0, b = 0] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [r / 255, g / 255, b / 255];
};
