import { describe, expect, test } from "vitest";
import { encodePng, readXmp } from "#kernel-lib/core/image.js";
import { zeros } from "#kernel-lib/core/tensor.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { coverageOf, gpanoOf, gpanoXmp, parseGpano } from "#kernel-lib/panorama/gpano.js";

const sizes = [512, 767, 768, 1000, 1001, 3071, 3072, 6144].flatMap((width) => [64, 127, 128, 512].map((height) => ({ width, height })));
const edges = ["wrap", "open"] as const;

describe("coverage", () => {
  test("a looped 512×3072 strip is a full turn and about 60° high", () => {
    expect(stripCoverage({ width: 3072, height: 512, edge: "wrap" })).toEqual({
      projection: "cylinder",
      horizontal: 360,
      vertical: expect.closeTo(55.273, 2),
      edge: "wrap",
    });
  });
  test("an open panorama counts 60° a window, up to a full turn", () => {
    expect(stripCoverage({ width: 512, height: 512, edge: "open" }).horizontal).toBe(60);
    expect(stripCoverage({ width: 1280, height: 512, edge: "open" }).horizontal).toBe(150);
    expect(stripCoverage({ width: 9000, height: 512, edge: "open" }).horizontal).toBe(360);
    expect(stripCoverage({ width: 1024, height: 1024, edge: "open", window: 512 }).horizontal).toBe(120);
  });
  test("a pixel at the horizon is as wide as high", () => {
    for (const edge of edges)
      for (const size of sizes) {
        const { horizontal, vertical } = stripCoverage({ ...size, edge });
        const radius = size.width / ((horizontal * Math.PI) / 180);
        expect(Math.tan((vertical * Math.PI) / 360) * radius * 2).toBeCloseTo(size.height, 6);
      }
  });
});

describe("GPano", () => {
  test("a looped 512×3072 strip is 360° × 60° of a 3072×1536 sphere, in its middle", () => {
    const gpano = gpanoOf(3072, 512, stripCoverage({ width: 3072, height: 512, edge: "wrap" }));
    expect(gpano).toEqual({ fullWidth: 3072, fullHeight: 1536, croppedWidth: 3072, croppedHeight: 512, croppedLeft: 0, croppedTop: 512 });
    expect(gpano && coverageOf(gpano)).toEqual({ projection: "equirectangular", horizontal: 360, vertical: 60, edge: "wrap" });
  });
  test("its numbers match the pixels for every size, and the full panorama is 2:1 and holds the image", () => {
    for (const edge of edges)
      for (const { width, height } of sizes) {
        const gpano = gpanoOf(width, height, stripCoverage({ width, height, edge }));
        if (!gpano) {
          expect(height).toBeGreaterThan(width / 2);
          continue;
        }
        expect(gpano.croppedWidth).toBe(width);
        expect(gpano.croppedHeight).toBe(height);
        expect(gpano.fullWidth).toBe(2 * gpano.fullHeight);
        expect(gpano.croppedLeft + width).toBeLessThanOrEqual(gpano.fullWidth);
        expect(gpano.croppedTop + height).toBeLessThanOrEqual(gpano.fullHeight);
        expect(Math.abs(gpano.fullWidth - width - 2 * gpano.croppedLeft)).toBeLessThanOrEqual(1);
        expect(Object.values(gpano).every(Number.isInteger)).toBe(true);
      }
  });
  test("an open strip's full width is its width by the share of the turn that it covers", () => {
    expect(gpanoOf(1280, 512, stripCoverage({ width: 1280, height: 512, edge: "open" }))?.fullWidth).toBe(3072);
  });
  test("a picture higher than half a turn gets no tags rather than wrong ones", () => {
    expect(gpanoOf(128, 128, stripCoverage({ width: 128, height: 128, edge: "wrap" }))).toBeUndefined();
  });
  test("comes back from a PNG as it was written", async () => {
    const gpano = gpanoOf(96, 16, stripCoverage({ width: 96, height: 16, edge: "wrap" }));
    if (!gpano) throw new Error("no tags");
    const xmp = await readXmp(await encodePng(zeros([1, 3, 16, 96]), { xmp: gpanoXmp(gpano) }));
    expect(parseGpano(xmp ?? "")).toEqual(gpano);
    expect(xmp).toContain("<GPano:ProjectionType>equirectangular<");
  });
  test("is read from attributes as from elements, and not at all where a tag is missing", () => {
    const attributes = `<rdf:Description GPano:FullPanoWidthPixels="8" GPano:FullPanoHeightPixels='4' GPano:CroppedAreaImageWidthPixels="8"
      GPano:CroppedAreaImageHeightPixels="2" GPano:CroppedAreaLeftPixels="0" GPano:CroppedAreaTopPixels="1"/>`;
    expect(parseGpano(attributes)).toEqual({
      fullWidth: 8,
      fullHeight: 4,
      croppedWidth: 8,
      croppedHeight: 2,
      croppedLeft: 0,
      croppedTop: 1,
    });
    expect(parseGpano(attributes.replace("CroppedAreaTopPixels", "Other"))).toBeUndefined();
    expect(parseGpano("")).toBeUndefined();
  });
});
