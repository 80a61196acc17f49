/** @file Pictures in and out: tensors [1,3,H,W] in [0,1] to PNG, JPEG and WebP bytes and back. */
import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { CheckpointError } from "./errors.js";
import { expectShape, type Tensor, tensor } from "./tensor.js";

export interface PngOptions {
  /** scaled down to this width in pixels, never up; the image's own when absent */
  readonly maxWidth?: number;
  /** an XMP packet, kept readable (uncompressed) in front of the pixels */
  readonly xmp?: string;
}

export interface LossyOptions {
  /** 1 to 100; 90 when absent */
  readonly quality?: number;
  /** scaled down to this width in pixels, never up; the image's own when absent */
  readonly maxWidth?: number;
  readonly xmp?: string;
}

/**
 * The bytes of an image, rows of RGB. Truncates as the official code does: its ToPILImage takes byte(255·x), so 0.999 becomes 254.
 * The product is rounded to float32 first, as there; so a byte k that came in as k/255 goes out as k.
 * @param image [1,3,H,W] in [0,1]
 * @throws RangeError for a value outside [0,1] or not a number, naming where it is
 */
export function imageBytes(image: Tensor): Uint8Array {
  expectShape("imageBytes", image, [1, 3, "H", "W"], "give one RGB image");
  const [, , height, width] = image.shape;
  const plane = height * width;
  const bytes = new Uint8Array(plane * 3);
  for (let c = 0; c < 3; c++)
    for (let k = 0; k < plane; k++) {
      const x = image.data[c * plane + k];
      if (!(x >= 0 && x <= 1)) {
        const where = `channel ${c}, row ${Math.floor(k / width)}, column ${k % width}`;
        throw new RangeError(`imageBytes: got ${x} at ${where}, want values in [0,1]; clamp (x + 1) / 2 of a decoded image first`);
      }
      bytes[k * 3 + c] = Math.floor(Math.fround(x * 255));
    }
  return bytes;
}

/**
 * A PNG of the image, lossless after imageBytes where it keeps its size.
 * @param image [1,3,H,W] in [0,1]
 */
export async function encodePng(image: Tensor, { maxWidth, xmp }: PngOptions = {}): Promise<Uint8Array> {
  // filtered row by row: less than half the bytes of a painted picture
  const png = await shrunk(raw(image), maxWidth).png({ adaptiveFiltering: true, compressionLevel: 9 }).toBuffer();
  return xmp === undefined ? png : withXmpChunk(png, xmp);
}

/** A JPEG of the image, 4:4:4. @param image [1,3,H,W] in [0,1] */
export async function encodeJpeg(image: Tensor, { quality = 90, maxWidth, xmp }: LossyOptions = {}): Promise<Uint8Array> {
  const jpeg = shrunk(raw(image), maxWidth).jpeg({ quality, chromaSubsampling: "4:4:4" });
  return (xmp === undefined ? jpeg : jpeg.withXmp(xmp)).toBuffer();
}

/** A WebP of the image. @param image [1,3,H,W] in [0,1] */
export async function encodeWebp(image: Tensor, { quality = 90, maxWidth, xmp }: LossyOptions = {}): Promise<Uint8Array> {
  const webp = shrunk(raw(image), maxWidth).webp({ quality });
  return (xmp === undefined ? webp : webp.withXmp(xmp)).toBuffer();
}

/**
 * An image file (PNG, JPEG, WebP, …) as a tensor: [1,3,H,W] in [0,1], value k/255; sRGB, upright, without alpha (laid on black).
 * @param file a path, or the file's bytes
 * @throws CheckpointError where the file is missing or is no picture
 */
export async function decodeImage(file: string | Uint8Array): Promise<Tensor> {
  const source = sharp(file).autoOrient().flatten().toColourspace("srgb").removeAlpha().raw({ depth: "uchar" });
  const { data, info } = await source.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    const name = typeof file === "string" ? file : "image";
    throw new CheckpointError(name, {
      expected: "a PNG, JPEG or WebP image",
      found: error instanceof Error ? error.message : String(error),
    });
  });
  const plane = info.width * info.height;
  const pixels = new Float32Array(plane * 3);
  for (let k = 0; k < plane; k++)
    for (let c = 0; c < 3; c++) pixels[c * plane + k] = data[k * info.channels + (info.channels < 3 ? 0 : c)] / 255;
  return tensor(pixels, [1, 3, info.height, info.width]);
}

/** The XMP packet of an image file, where it has one. @param file a path, or the file's bytes */
export async function readXmp(file: string | Uint8Array): Promise<string | undefined> {
  return (await sharp(file).metadata()).xmpAsString;
}

const raw = (image: Tensor) =>
  sharp(imageBytes(image), { raw: { width: image.shape[3], height: image.shape[2], channels: 3 }, limitInputPixels: false });

const shrunk = (picture: Sharp, maxWidth: number | undefined) =>
  maxWidth === undefined ? picture : picture.resize({ width: maxWidth, withoutEnlargement: true });

/**
 * The PNG with an uncompressed iTXt chunk behind its header. sharp's withXmp writes a compressed zTXt, which panorama viewers, that
 * search the file's text for the packet, do not find. Layout: PNG specification, 11.3.4.5 (iTXt) and 5.3 (length, type, data, CRC-32).
 */
function withXmpChunk(png: Uint8Array, xmp: string): Uint8Array {
  // keyword, its end, no compression, method 0, no language, no translated keyword, then the text
  const body = Buffer.from(`iTXtXML:com.adobe.xmp\0\0\0\0\0${xmp}`, "utf8");
  const chunk = Buffer.alloc(4 + body.length + 4);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  const headerEnd = 8 + 4 + 4 + 13 + 4; // signature, then IHDR
  return Buffer.concat([png.subarray(0, headerEnd), chunk, png.subarray(headerEnd)]);
}
