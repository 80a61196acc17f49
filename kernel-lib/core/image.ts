/** @file Encodes images [1,3,H,W] in [0,1] as PNG, JPEG or WebP, and decodes them. */
import { existsSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Sharp } from "sharp";
import { CheckpointError } from "./errors.js";
import { expectShape, type Tensor, tensor } from "./tensor.js";

/** Options of `encodePng`. */
export interface PngOptions {
  /** scales the image down to this width in pixels, never up; default the image's width */
  readonly maxWidth?: number;
  /** an XMP packet, stored uncompressed before the pixels */
  readonly xmp?: string;
}

/** Options of `encodeJpeg` and `encodeWebp`. */
export interface LossyOptions {
  /** 1 to 100; default 90 */
  readonly quality?: number;
  /** scales the image down to this width in pixels, never up; default the image's width */
  readonly maxWidth?: number;
  readonly xmp?: string;
}

/**
 * Converts an image to bytes, row-major RGB. It truncates like the official code, whose ToPILImage takes byte(255·x): 0.999 becomes 254.
 * The product is first rounded to float32, as there, so that k/255 becomes k again.
 * @param image [1,3,H,W] in [0,1]
 * @throws RangeError for NaN or a value outside [0,1], with its place
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
 * Encodes an image as PNG. Only `imageBytes` and `maxWidth` lose anything.
 * @param image [1,3,H,W] in [0,1]
 */
export async function encodePng(image: Tensor, { maxWidth, xmp }: PngOptions = {}): Promise<Uint8Array> {
  // Adaptive filtering more than halves the file of a painted panorama.
  const png = await shrunk(await raw(image), maxWidth)
    .png({ adaptiveFiltering: true, compressionLevel: 9 })
    .toBuffer();
  return xmp === undefined ? png : withXmpChunk(png, xmp);
}

/** Draws an SVG and encodes it as PNG, at the size that it states. */
export async function svgPng(svg: string): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
}

/** Encodes an image as JPEG, 4:4:4. @param image [1,3,H,W] in [0,1] */
export async function encodeJpeg(image: Tensor, { quality = 90, maxWidth, xmp }: LossyOptions = {}): Promise<Uint8Array> {
  const jpeg = shrunk(await raw(image), maxWidth).jpeg({ quality, chromaSubsampling: "4:4:4" });
  return (xmp === undefined ? jpeg : jpeg.withXmp(xmp)).toBuffer();
}

/** Encodes an image as WebP. @param image [1,3,H,W] in [0,1] */
export async function encodeWebp(image: Tensor, { quality = 90, maxWidth, xmp }: LossyOptions = {}): Promise<Uint8Array> {
  const webp = shrunk(await raw(image), maxWidth).webp({ quality });
  return (xmp === undefined ? webp : webp.withXmp(xmp)).toBuffer();
}

/** A small WebP of an image file, at most so many pixels wide. @throws as `decodeImage` */
export async function thumbnailOf(file: string, maxWidth: number): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const small = sharp(file).resize({ width: maxWidth, withoutEnlargement: true }).webp({ quality: 80, effort: 2 });
  return small.toBuffer().catch(() => decodeImage(file).then((image) => encodeWebp(image, { maxWidth }))); // says what is wrong with it
}

/**
 * Decodes an image file (PNG, JPEG, WebP, …) to [1,3,H,W] in [0,1], values k/255: sRGB, EXIF orientation applied, alpha blended with black.
 * @param file a path, or the file's bytes
 * @throws CheckpointError if the file is missing or is not an image
 */
export async function decodeImage(file: string | Uint8Array): Promise<Tensor> {
  const sharp = await loadSharp();
  const source = sharp(file).autoOrient().flatten().toColourspace("srgb").removeAlpha().raw({ depth: "uchar" });
  const { data, info } = await source.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    const [name, bytes] = typeof file === "string" ? [file, existsSync(file) ? readFileSync(file) : undefined] : ["image", file];
    throw new CheckpointError(name, {
      expected: "a PNG, JPEG or WebP image",
      ...(bytes && isHeic(bytes)
        ? { found: "HEIC, which is not read", fix: "export it as JPEG" }
        : { found: bytes?.length === 0 ? "an empty file" : error instanceof Error ? error.message : String(error) }),
    });
  });
  const plane = info.width * info.height;
  const pixels = new Float32Array(plane * 3);
  for (let k = 0; k < plane; k++)
    for (let c = 0; c < 3; c++) pixels[c * plane + k] = data[k * info.channels + (info.channels < 3 ? 0 : c)] / 255;
  return tensor(pixels, [1, 3, info.height, info.width]);
}

/** Whether a file is HEIC, as telephones save pictures: ISO/IEC 23008-12, the brands of its ftyp box. */
const isHeic = (bytes: Uint8Array): boolean =>
  /^ftyp(heic|heix|hevc|heim|heis|mif1)/.test(Buffer.from(bytes.subarray(4, 12)).toString("latin1"));

/** The XMP packet of an image file; undefined if it has none. @param file a path, or the file's bytes */
export async function readXmp(file: string | Uint8Array): Promise<string | undefined> {
  const sharp = await loadSharp();
  return (await sharp(file).metadata()).xmpAsString;
}

/** sharp takes 0.1 s to load: it is loaded with the first picture, not with the library. */
const loadSharp = async () => (await import("sharp")).default;

async function raw(image: Tensor): Promise<Sharp> {
  const bytes = imageBytes(image);
  const sharp = await loadSharp();
  return sharp(bytes, { raw: { width: image.shape[3], height: image.shape[2], channels: 3 }, limitInputPixels: false });
}

const shrunk = (picture: Sharp, maxWidth: number | undefined) =>
  maxWidth === undefined ? picture : picture.resize({ width: maxWidth, withoutEnlargement: true });

/**
 * Inserts an uncompressed iTXt chunk after the PNG's header. sharp's withXmp writes a compressed zTXt, which panorama viewers do not find,
 * since they search the file's bytes for the packet. Layout: PNG specification, 11.3.4.5 (iTXt) and 5.3 (length, type, data, CRC-32).
 */
function withXmpChunk(png: Uint8Array, xmp: string): Uint8Array {
  // keyword, NUL, compression flag 0, method 0, empty language, empty translated keyword, text
  const body = Buffer.from(`iTXtXML:com.adobe.xmp\0\0\0\0\0${xmp}`, "utf8");
  const chunk = Buffer.alloc(4 + body.length + 4);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  const headerEnd = 8 + 4 + 4 + 13 + 4; // signature, then IHDR
  return Buffer.concat([png.subarray(0, headerEnd), chunk, png.subarray(headerEnd)]);
}
