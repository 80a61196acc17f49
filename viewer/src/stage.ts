/**
 * @file One WebGL context for all viewers of a page: browsers keep about 16. A view is drawn here, off screen, and copied into the
 * viewer's own 2D canvas, which keeps its picture when nothing moves.
 */
import {
  BufferAttribute,
  BufferGeometry,
  Camera,
  ClampToEdgeWrapping,
  Color,
  CubeTexture,
  GLSL3,
  LinearFilter,
  LinearMipmapLinearFilter,
  Matrix3,
  Mesh,
  NoColorSpace,
  RawShaderMaterial,
  RepeatWrapping,
  Texture,
  Vector2,
  Vector3,
  Vector4,
  WebGLRenderer,
} from "three";
import type { Coverage } from "../../kernel-lib/notebook/coverage.js";
import { rotation } from "./camera.js";
import { type Projection, radians, ruleOf } from "./projections.js";
import { fragmentShader, type Source, vertexShader } from "./shader.js";
import type { ViewState } from "./state.js";

/** A picture on the graphics card. */
export interface Surface {
  readonly texture: Texture;
  readonly source: Source;
  /** pixels of the picture */
  readonly width: number;
  readonly height: number;
  /** pixels that the graphics card took; fewer than `width` where the picture is larger than it can hold */
  readonly held: number;
  dispose(): void;
}

export interface Stage {
  /** A texture of a loaded image; one larger than the device takes is scaled down. */
  surface(image: HTMLImageElement, coverage: Coverage): Surface;
  /** Draws a view. @returns the canvas that holds it until the next one, in its lower left `width` × `height` pixels */
  draw(view: View): HTMLCanvasElement;
}

export interface View {
  readonly state: ViewState;
  readonly surface: Surface;
  readonly coverage: Coverage;
  /** a CSS colour, "rgb(r, g, b)" */
  readonly background: string;
  /** device pixels */
  readonly width: number;
  readonly height: number;
}

let shared: Stage | null | undefined;

/** The page's stage; null where the browser has no WebGL 2. `redraw` is called when a lost context came back. */
export function stage(redraw: () => void): Stage | null {
  if (shared === undefined) shared = createStage();
  if (shared) restored.add(redraw);
  return shared;
}

/** Takes a viewer off the list of those redrawn. */
export const leaveStage = (redraw: () => void): boolean => restored.delete(redraw);

const restored = new Set<() => void>();

function createStage(): Stage | null {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
  if (!context) return null;
  const renderer = new WebGLRenderer({ canvas, context });
  canvas.addEventListener("webglcontextrestored", () => {
    for (const redraw of restored) requestAnimationFrame(redraw);
  });
  const triangle = new BufferGeometry().setAttribute("position", new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  const meshes = new Map<string, { mesh: Mesh; material: RawShaderMaterial }>();
  const camera = new Camera();
  const size = new Vector2();
  const anisotropy = renderer.capabilities.getMaxAnisotropy();

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
        anisotropy: { value: anisotropy },
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

  return {
    surface(image, coverage) {
      const { naturalWidth: width, naturalHeight: height } = image;
      const source = coverage.projection === "cube" ? "cube" : "plane";
      const { maxTextureSize, maxCubemapSize } = renderer.capabilities;
      const share = source === "cube" ? Math.min(1, maxCubemapSize / height) : Math.min(1, maxTextureSize / width, maxTextureSize / height);
      const texture = source === "cube" ? new CubeTexture(cubeFaces(image, share)) : new Texture(share < 1 ? scaled(image, share) : image);
      texture.colorSpace = NoColorSpace; // the bytes go to the screen as they are
      texture.wrapS = coverage.edge === "wrap" && source === "plane" ? RepeatWrapping : ClampToEdgeWrapping;
      texture.minFilter = LinearMipmapLinearFilter;
      texture.magFilter = LinearFilter;
      texture.generateMipmaps = true;
      texture.anisotropy = anisotropy;
      texture.needsUpdate = true;
      renderer.initTexture(texture);
      return { texture, source, width, height, held: Math.floor(width * share), dispose: () => texture.dispose() };
    },
    draw({ state, surface, coverage, background, width, height }) {
      renderer.getSize(size);
      if (size.x !== width || size.y !== height) renderer.setSize(width, height, false);
      const { mesh, material } = meshOf(state.projection, surface.source);
      const { uniforms } = material;
      const scale = ruleOf(state.projection).scale(radians(state.fov));
      (uniforms.lens.value as Vector4).set((scale * width) / height, scale, 0, 0);
      const [x, y, z] = rotation(state);
      (uniforms.camera.value as Matrix3).set(...x, ...y, ...z);
      (uniforms.middle.value as Vector3).set(radians(state.heading), radians(state.pitch), radians(state.roll));
      uniforms[surface.source === "cube" ? "faces" : "picture"].value = surface.texture;
      (uniforms.texels.value as Vector2).set(surface.held, surface.held * (surface.height / surface.width));
      (uniforms.extent.value as Vector2).set(radians(coverage.horizontal), radians(coverage.vertical));
      uniforms.centre.value = radians(coverage.centre ?? 0);
      uniforms.cylinder.value = coverage.projection === "cylinder" ? 1 : 0;
      uniforms.wraps.value = coverage.edge === "wrap" ? 1 : 0;
      const [r, g, b] = rgb(background);
      (uniforms.background.value as Color).setRGB(r, g, b);
      renderer.render(mesh, camera);
      return canvas;
    },
  };
}

function scaled(image: HTMLImageElement, share: number): HTMLCanvasElement {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [Math.floor(image.naturalWidth * share), Math.floor(image.naturalHeight * share)];
  const pen = copy.getContext("2d") as CanvasRenderingContext2D;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, copy.width, copy.height);
  return copy;
}

/** The six squares of a row. @throws RangeError where the picture is no such row */
function cubeFaces(image: HTMLImageElement, share: number): HTMLCanvasElement[] {
  const side = image.naturalHeight;
  if (image.naturalWidth !== side * 6)
    throw new RangeError(`a cube's picture: got ${image.naturalWidth} × ${side}, want six squares in a row`);
  return Array.from({ length: 6 }, (_, k) => {
    const face = document.createElement("canvas");
    face.width = face.height = Math.floor(side * share);
    (face.getContext("2d") as CanvasRenderingContext2D).drawImage(image, side * k, 0, side, side, 0, 0, face.width, face.height);
    return face;
  });
}

/** "rgb(r, g, b)", as getComputedStyle gives it, in [0,1]. */
const rgb = (css: string): [number, number, number] => {
  const [r = 0, g = 0, b = 0] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [r / 255, g / 255, b / 255];
};
