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
  WebGLRenderer,
} from "three";
import type { Coverage } from "../../kernel-lib/notebook/coverage.js";
import type { Projection } from "./projections.js";
import { fragmentShader, vertexShader } from "./shader.js";
import type { ViewState } from "./state.js";

/** A picture on the graphics card. */
export interface Surface {
  readonly texture: Texture;
  dispose(): void;
}

export interface Stage {
  /** A texture of a loaded image; one larger than the device takes is scaled down by three.js. */
  surface(image: HTMLImageElement, coverage: Coverage): Surface;
  /** Draws a view into a 2D canvas of `width` × `height` device pixels. `background` is a CSS colour. */
  draw(to: CanvasRenderingContext2D, view: View): void;
}

export interface View {
  readonly state: ViewState;
  readonly surface: Surface;
  readonly coverage: Coverage;
  readonly background: string;
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
  const meshes = new Map<Projection, { mesh: Mesh; material: RawShaderMaterial }>();
  const camera = new Camera();
  const size = new Vector2();

  const meshOf = (projection: Projection) => {
    const known = meshes.get(projection);
    if (known) return known;
    const material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader,
      fragmentShader: fragmentShader(projection),
      depthTest: false,
      depthWrite: false,
      uniforms: {
        aspect: { value: 1 },
        fov: { value: 1 },
        camera: { value: new Matrix3() },
        picture: { value: null },
        texels: { value: new Vector2() },
        extent: { value: new Vector2() },
        anisotropy: { value: renderer.capabilities.getMaxAnisotropy() },
        cylinder: { value: 1 },
        wraps: { value: 0 },
        background: { value: new Color() },
      },
    });
    const mesh = new Mesh(triangle, material);
    mesh.frustumCulled = false;
    const made = { mesh, material };
    meshes.set(projection, made);
    return made;
  };

  return {
    surface(image, { edge }) {
      const texture = new Texture(image);
      texture.colorSpace = NoColorSpace; // the bytes go to the screen as they are
      texture.wrapS = edge === "wrap" ? RepeatWrapping : ClampToEdgeWrapping;
      texture.minFilter = LinearMipmapLinearFilter;
      texture.magFilter = LinearFilter;
      texture.anisotropy = renderer.capabilities.getMaxAnisotropy();
      texture.needsUpdate = true;
      renderer.initTexture(texture);
      return { texture, dispose: () => texture.dispose() };
    },
    draw(to, { state, surface, coverage, background, width, height }) {
      renderer.getSize(size);
      if (size.x !== width || size.y !== height) renderer.setSize(width, height, false);
      const { mesh, material } = meshOf(state.projection);
      const { uniforms } = material;
      const image = surface.texture.image as HTMLImageElement;
      uniforms.aspect.value = width / height;
      uniforms.fov.value = radians(state.fov);
      rotation(uniforms.camera.value as Matrix3, state);
      uniforms.picture.value = surface.texture;
      (uniforms.texels.value as Vector2).set(image.naturalWidth, image.naturalHeight);
      (uniforms.extent.value as Vector2).set(radians(coverage.horizontal), radians(coverage.vertical));
      uniforms.cylinder.value = coverage.projection === "cylinder" ? 1 : 0;
      uniforms.wraps.value = coverage.edge === "wrap" ? 1 : 0;
      const [r, g, b] = rgb(background);
      (uniforms.background.value as Color).setRGB(r, g, b);
      renderer.render(mesh, camera);
      if (to.canvas.width !== width) to.canvas.width = width;
      if (to.canvas.height !== height) to.canvas.height = height;
      to.drawImage(canvas, 0, 0);
    },
  };
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Camera to panorama: roll about the view, then pitch, then heading. */
function rotation(into: Matrix3, { heading, pitch, roll }: ViewState): void {
  const [ch, sh] = [Math.cos(radians(heading)), Math.sin(radians(heading))];
  const [cp, sp] = [Math.cos(radians(pitch)), Math.sin(radians(pitch))];
  const [cr, sr] = [Math.cos(radians(roll)), Math.sin(radians(roll))];
  const right = [cr, -sr * cp, sr * sp];
  const up = [sr, cr * cp, -cr * sp];
  const ahead = [0, sp, cp];
  // Rows x, y, z of each axis, turned by the heading about the vertical.
  const [rx, ux, ax] = [right, up, ahead].map(([x, , z]) => x * ch + z * sh);
  const [rz, uz, az] = [right, up, ahead].map(([x, , z]) => -x * sh + z * ch);
  into.set(rx, ux, ax, right[1], up[1], ahead[1], rz, uz, az);
}

/** "rgb(r, g, b)", as getComputedStyle gives it, in [0,1]. */
const rgb = (css: string): [number, number, number] => {
  const [r = 0, g = 0, b = 0] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [r / 255, g / 255, b / 255];
};
