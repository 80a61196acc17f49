/** @file Makes textures of images, scaled down if they are larger than the graphics card allows. */
import {
  ClampToEdgeWrapping,
  CubeTexture,
  LinearFilter,
  LinearMipmapLinearFilter,
  NoColorSpace,
  RepeatWrapping,
  Texture,
  type WebGLRenderer,
} from "three";
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import type { Source } from "./shader.js";

/** A texture. */
export interface Surface {
  readonly texture: Texture;
  readonly source: Source;
  /** pixels of the picture */
  readonly width: number;
  readonly height: number;
  /** width of the texture in pixels; less than `width` if the picture is larger than the graphics card allows */
  readonly held: number;
  dispose(): void;
}

/** Makes a texture of a loaded image. @throws RangeError if a cube's picture is not a row of six squares */
export function createSurface(renderer: WebGLRenderer, image: HTMLImageElement, coverage: Coverage): Surface {
  const { naturalWidth: width, naturalHeight: height } = image;
  const source = coverage.projection === "cube" ? "cube" : "plane";
  const { maxTextureSize, maxCubemapSize } = renderer.capabilities;
  const share = source === "cube" ? Math.min(1, maxCubemapSize / height) : Math.min(1, maxTextureSize / width, maxTextureSize / height);
  const texture = source === "cube" ? new CubeTexture(cubeFaces(image, share)) : new Texture(share < 1 ? scaled(image, share) : image);
  texture.colorSpace = NoColorSpace; // the bytes are shown without conversion
  texture.wrapS = coverage.edge === "wrap" && source === "plane" ? RepeatWrapping : ClampToEdgeWrapping;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.magFilter = LinearFilter;
  texture.generateMipmaps = true;
  texture.anisotropy = renderer.capabilities.getMaxAnisotropy();
  texture.needsUpdate = true;
  renderer.initTexture(texture);
  return { texture, source, width, height, held: Math.floor(width * share), dispose: () => texture.dispose() };
}

function scaled(image: HTMLImageElement, share: number): HTMLCanvasElement {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [Math.floor(image.naturalWidth * share), Math.floor(image.naturalHeight * share)];
  const pen = copy.getContext("2d") as CanvasRenderingContext2D;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, copy.width, copy.height);
  return copy;
}

/** Cuts a cube's picture into its six faces. @throws RangeError if it is not a row of six squares */
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
