/** What an image covers: its tags as cameras and editors leave them. */
import { describe, expect, test } from "vitest";
import { imageCoverage } from "#kernel-lib/panorama/image-coverage.js";

const size = { width: 600, height: 150 };
const NAMESPACE = "http://ns.google.com/photos/1.0/panorama/";

interface Written {
  readonly prefix?: string;
  readonly projection?: string;
  /** full width, full height, cropped width, height, left, top */
  readonly sizes?: readonly (number | string)[];
}
const NAMES = ["FullPanoWidth", "FullPanoHeight", "CroppedAreaImageWidth", "CroppedAreaImageHeight", "CroppedAreaLeft", "CroppedAreaTop"];

/** An XMP packet. */
function xmp({ prefix = "GPano", projection = "equirectangular", sizes = [720, 360, 600, 150, 60, 105] }: Written = {}): string {
  const tags = NAMES.map((name, k) => `<${prefix}:${name}Pixels>${sizes[k]}</${prefix}:${name}Pixels>`).join("");
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:${prefix}="${NAMESPACE}"><${prefix}:ProjectionType>${projection}</${prefix}:ProjectionType>${tags}</rdf:Description></x:xmpmeta>`;
}

describe("GPano tags", () => {
  test("are read as elements under any prefix of their namespace, and as decimals", () => {
    for (const written of [{}, { prefix: "pano" }, { prefix: "ns0" }, { sizes: ["720.0", "360.0", "600.0", "150.0", "60.0", "105.0"] }])
      expect(imageCoverage({ ...size, xmp: xmp(written) })).toMatchObject({
        coverage: { projection: "equirectangular", horizontal: 300, vertical: 75, edge: "open" },
        source: "300° × 75° equirectangular, by its GPano tags",
      });
  });

  test("of another namespace are not taken for them", () => {
    const other = xmp({ prefix: "pano" }).replace(NAMESPACE, "http://example.org/");
    expect(() => imageCoverage({ ...size, xmp: other })).toThrow("has no GPano tags");
  });

  test("that are cylindrical count pixels on a cylinder, whose rows at the horizon are as high as its columns are wide", () => {
    const { coverage, source } = imageCoverage({ ...size, xmp: xmp({ projection: "cylindrical" }) });
    expect(coverage).toMatchObject({ projection: "cylinder", horizontal: 300, edge: "open" });
    const radius = 720 / (2 * Math.PI); // pixels
    expect(2 * radius * Math.tan((coverage.vertical * Math.PI) / 360)).toBeCloseTo(150, 9);
    expect(source).toBe("300° × 66.4° cylinder, by its GPano tags");
  });

  test("of a cylinder whose horizon is not in its middle are drawn as if it were, with a word", () => {
    const high = xmp({ projection: "cylindrical", sizes: [720, 360, 600, 150, 60, 75] });
    expect(imageCoverage({ ...size, xmp: high }).source).toContain("the tags put it 30 pixels below");
    const low = xmp({ projection: "cylindrical", sizes: [720, 360, 600, 150, 60, 135] });
    expect(imageCoverage({ ...size, xmp: low }).source).toContain("the tags put it 30 pixels above");
  });

  test("give way to the projection that the user names", () => {
    expect(imageCoverage({ ...size, xmp: xmp(), projection: "cylinder" }).coverage).toMatchObject({
      projection: "cylinder",
      horizontal: 300,
    });
    const named = { ...size, xmp: xmp({ projection: "cylindrical" }), projection: "equirectangular" as const };
    expect(imageCoverage(named).coverage).toMatchObject({ projection: "equirectangular", vertical: 75 });
  });

  test("hold for an image that was scaled", () => {
    expect(imageCoverage({ width: 301, height: 75, xmp: xmp() }).coverage).toMatchObject({ horizontal: 300, vertical: 75 });
  });

  const WRONG: Record<string, [{ width: number; height: number }, Written, string]> = {
    "an image that was cut after it was tagged": [
      { width: 600, height: 100 },
      { sizes: [600, 300, 600, 300, 0, 0] },
      "they say 600 × 300 pixels, and the image has 600 × 100: it was cut after they were written",
    ],
    "sizes of 0": [size, { sizes: [0, 0, 600, 150, 0, 0] }, "they say 600 × 150 of 0 × 0 pixels"],
    "a part larger than the whole": [size, { sizes: [400, 200, 600, 150, 0, 0] }, "600 × 150 pixels at 0, 0 lie in 400 × 200"],
    "a part that reaches beyond a pole": [size, { sizes: [720, 360, 600, 150, 60, 300] }, "at 60, 300 lie in 720 × 360"],
    "negative places": [size, { sizes: [720, 360, 600, 150, 60, -10] }, "at 60, -10 lie in"],
    "a projection that is not read": [
      size,
      { projection: "fisheye" },
      'they name the projection "fisheye"; equirectangular and cylindrical',
    ],
  };
  test.each(Object.entries(WRONG))("of %s are refused, and the reason is said", (_, [pixels, written, words]) => {
    expect(() => imageCoverage({ ...pixels, xmp: xmp(written) })).toThrow(words);
    // A 2:1 image is a sphere all the same.
    const sphere = imageCoverage({ width: 800, height: 400, xmp: xmp({ sizes: [600, 300, 600, 100, 0, 0] }) });
    expect(sphere.coverage).toMatchObject({ horizontal: 360, vertical: 180 });
    expect(sphere.source).toContain("its GPano tags do not fit");
    expect(imageCoverage({ ...pixels, xmp: xmp(written), haov: 90 }).source).toContain("as said");
  });

  test("that are not all there, or are no numbers, count as none", () => {
    for (const lost of [
      xmp().replace(/<GPano:CroppedAreaTop.*?\/GPano:CroppedAreaTopPixels>/, ""),
      xmp({ sizes: ["wide", 360, 600, 150, 60, 105] }),
    ])
      expect(() => imageCoverage({ ...size, xmp: lost })).toThrow("has no GPano tags");
  });
});

test("a cylinder without tags and without an angle is refused, at 2:1 too", () => {
  expect(() => imageCoverage({ width: 800, height: 400, projection: "cylinder" })).toThrow("got a cylinder that has no GPano tags");
});
