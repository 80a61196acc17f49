import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError, ShapeError } from "#kernel-lib/core/errors.js";
import { decodeImage, encodeJpeg, encodePng, encodeWebp, imageBytes, readXmp } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import { type Tensor, tensor, zeros } from "#kernel-lib/core/tensor.js";

const dir = mkdtempSync(join(tmpdir(), "veduta-image-"));
afterAll(() => rmSync(dir, { recursive: true }));

const random = (height: number, width: number): Tensor => {
  const rng = createRng(3);
  return tensor(
    Float32Array.from({ length: 3 * height * width }, () => rng.uniform()),
    [1, 3, height, width],
  );
};
/** Smooth, as pictures are. */
const smooth = (height: number, width: number): Tensor =>
  tensor(
    Float32Array.from({ length: 3 * height * width }, (_, k) => 0.5 + 0.4 * Math.sin((k % width) / 9 + Math.floor(k / width) / 14)),
    [1, 3, height, width],
  );
const apart = (a: Tensor, b: Tensor): number => a.data.reduce((sum, x, k) => sum + Math.abs(x - b.data[k]), 0) / a.data.length;

describe("bytes", () => {
  test("are truncated, not rounded, as the official ToPILImage does", () => {
    const values = [0, 0.5, 0.999, 1, 1.999 / 255, 254.9 / 255];
    expect([...imageBytes(tensor([...values, ...values, ...values], [1, 3, 1, 6]))].filter((_, k) => k % 3 === 0)).toEqual([
      0, 127, 254, 255, 1, 254,
    ]);
  });
  test("k/255 in float32 comes back as k for every byte", () => {
    const all = Float32Array.from({ length: 768 }, (_, k) => (k % 256) / 255);
    expect([...imageBytes(tensor(all, [1, 3, 1, 256]))].filter((_, k) => k % 3 === 0)).toEqual(Array.from({ length: 256 }, (_, k) => k));
  });
  test("follow the channels: red first, rows in order", () => {
    const image = zeros([1, 3, 2, 2]);
    image.data[1] = 1; // red of row 0, column 1
    image.data[4 + 2] = 1; // green of row 1, column 0
    expect([...imageBytes(image)]).toEqual([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 0]);
  });
  test.each([Number.NaN, -0.001, 1.001, Number.POSITIVE_INFINITY])("refuse %d and say where it is", (bad) => {
    const image = zeros([1, 3, 4, 5]);
    image.data[20 + 5 + 2] = bad;
    expect(() => imageBytes(image)).toThrow(/channel 1, row 1, column 2.*want values in \[0,1\]/);
  });
  test("refuse what is not one RGB image", () => {
    expect(() => imageBytes(zeros([2, 3, 4, 4]))).toThrow(ShapeError);
    expect(() => imageBytes(zeros([1, 4, 4, 4]))).toThrow(ShapeError);
  });
});

describe("files", () => {
  test("a PNG gives back its bytes exactly", async () => {
    const image = random(13, 29);
    const back = await decodeImage(await encodePng(image));
    expect(back.shape).toEqual([1, 3, 13, 29]);
    expect(imageBytes(back)).toEqual(imageBytes(image));
  });
  test.each([
    ["JPEG", encodeJpeg],
    ["WebP", encodeWebp],
  ])("a %s is near the picture, and no wider than asked", async (_, encode) => {
    const image = smooth(64, 160);
    expect(apart(await decodeImage(await encode(image)), image)).toBeLessThan(0.02);
    expect((await decodeImage(await encode(image, { maxWidth: 40 }))).shape).toEqual([1, 3, 16, 40]);
    expect((await decodeImage(await encode(image, { maxWidth: 999 }))).shape).toEqual(image.shape);
    expect((await encode(image, { quality: 30 })).length).toBeLessThan((await encode(image, { quality: 95 })).length);
  });
  test("grey, transparent and 16-bit files are read as RGB in [0,1]", async () => {
    const grey = await sharp(Buffer.from([0, 51, 102, 255]), { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(grey)).data.subarray(4, 8)]).toEqual([0, 51 / 255, 102 / 255, 1].map(Math.fround));
    const clear = await sharp({ create: { width: 1, height: 1, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0 } } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(clear)).data]).toEqual([0, 0, 0]);
    const deep = await sharp(Buffer.from(Uint16Array.from([65535, 32896, 0]).buffer), {
      raw: { width: 1, height: 1, channels: 3, depth: "ushort" } as never,
    })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect((await decodeImage(deep)).data[0]).toBe(1);
  });
  test("a missing file, and one that is no picture, are refused by name", async () => {
    await expect(decodeImage(join(dir, "none.png"))).rejects.toThrow(CheckpointError);
    writeFileSync(join(dir, "text.png"), "not a picture");
    await expect(decodeImage(join(dir, "text.png"))).rejects.toThrow(/text\.png: expected a PNG, JPEG or WebP image, found/);
  });
});

describe("XMP", () => {
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/">üñ</x:xmpmeta>`;
  test("is readable text in front of a PNG's pixels, every chunk's checksum right", async () => {
    const png = Buffer.from(await encodePng(random(9, 9), { xmp: packet }));
    const chunks: { type: string; at: number }[] = [];
    for (let at = 8; at < png.length; ) {
      const length = png.readUInt32BE(at);
      const body = png.subarray(at + 4, at + 8 + length);
      expect(crc32(body)).toBe(png.readUInt32BE(at + 8 + length));
      chunks.push({ type: body.toString("latin1", 0, 4), at });
      at += 12 + length;
    }
    const order = chunks.map(({ type }) => type);
    expect(order[0]).toBe("IHDR");
    expect(order.indexOf("iTXt")).toBeLessThan(order.indexOf("IDAT"));
    expect(order[order.length - 1]).toBe("IEND");
    expect(png.includes(packet)).toBe(true);
    expect(await readXmp(png)).toBe(packet);
  });
  test("is in a JPEG and a WebP too, and absent where none was given", async () => {
    expect(await readXmp(await encodeJpeg(smooth(8, 8), { xmp: packet }))).toBe(packet);
    expect(await readXmp(await encodeWebp(smooth(8, 8), { xmp: packet }))).toBe(packet);
    expect(await readXmp(await encodePng(smooth(8, 8)))).toBeUndefined();
  });
});
