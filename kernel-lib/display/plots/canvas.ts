/** @file A minimal canvas for Plotly's heat maps, since jsdom has none: filled rectangles and pixels in, a PNG out. */
import { crc32, deflateSync } from "node:zlib";
import { dataUrl } from "../../pages/html.js";

/** The part of jsdom's canvas elements that is used or added. */
export interface Canvas {
  width: number;
  height: number;
  getContext(kind: string): unknown;
  toDataURL(): string;
}

/** RGBA. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

const blank = (width: number, height: number): Pixels => ({ width, height, data: new Uint8ClampedArray(width * height * 4) });

/** Adds a "2d" context with `fillRect` and `putImageData` to the prototype of canvas elements. */
export function giveCanvas(prototype: Canvas): void {
  const drawn = new WeakMap<Canvas, Pixels>();
  const pixelsOf = (canvas: Canvas): Pixels => {
    const { width, height } = canvas;
    let pixels = drawn.get(canvas);
    if (!pixels || pixels.width !== width || pixels.height !== height) {
      pixels = blank(width, height);
      drawn.set(canvas, pixels);
    }
    return pixels;
  };
  prototype.getContext = function (this: Canvas, kind: string) {
    if (kind !== "2d") return null;
    const canvas = this;
    const context = {
      fillStyle: "rgba(0,0,0,1)",
      fillRect(x: number, y: number, width: number, height: number) {
        const [r, g, b, a] = (context.fillStyle.match(/[\d.]+/g) ?? []).map(Number);
        fill(pixelsOf(canvas), [x, y, width, height], [r, g, b, a * 255]);
      },
      createImageData: blank,
      putImageData: ({ data }: Pixels) => pixelsOf(canvas).data.set(data),
    };
    return context;
  };
  prototype.toDataURL = function (this: Canvas) {
    return dataUrl("image/png", encodeRgba(pixelsOf(this)));
  };
}

function fill({ width, height, data }: Pixels, [left, top, across, down]: readonly number[], colour: readonly number[]): void {
  const [right, bottom] = [Math.min(width, left + across), Math.min(height, top + down)];
  for (let y = Math.max(0, top); y < bottom; y++) for (let x = Math.max(0, left); x < right; x++) data.set(colour, (y * width + x) * 4);
}

/**
 * Encodes RGBA pixels as PNG, synchronously, since a canvas cannot wait. Layout: PNG specification, 5.3 (chunks), 11.2 (IHDR, IDAT, IEND), 9.2
 * (filter 0).
 */
function encodeRgba({ width, height, data }: Pixels): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6], 8); // 8 bits per channel, colour type 6: RGBA
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * width * 4, (y + 1) * width * 4), y * (width * 4 + 1) + 1);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
