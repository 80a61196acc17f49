/** The page that opens what is dropped on it says the same of a picture's coverage as the library, refusals and all. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Coverage } from "#kernel-lib/panorama/coverage.js";
import { gpanoOf, gpanoXmp } from "#kernel-lib/panorama/gpano.js";
import { type ImageFacts, imageCoverage } from "#kernel-lib/panorama/image-coverage.js";
import { fileCoverage, type Said } from "../../viewer/src/open/file-coverage.js";

const projections = fc.constantFrom<Coverage["projection"]>("equirectangular", "cylinder", "cube");
/** Degrees as people give them, some of them wrong. */
const degrees = fc.oneof(fc.constantFrom(-1, 0, 60, 179, 180, 181, 360, 361), fc.double({ min: -10, max: 400, noNaN: true }));
const pixels = fc.integer({ min: 1, max: 5000 });
const sizes = fc.oneof(
  fc.record({ width: pixels, height: pixels }),
  pixels.map((height) => ({ width: 2 * height, height })),
  pixels.map((height) => ({ width: 6 * height, height })),
);
const gpanos = fc.record({
  fullWidth: pixels,
  fullHeight: pixels,
  croppedWidth: pixels,
  croppedHeight: pixels,
  croppedLeft: pixels,
  croppedTop: pixels,
});

const STRIP: Coverage = { projection: "equirectangular", horizontal: 200, vertical: 60, edge: "open" };

/** A value, or the message of what was thrown. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return (error as Error).message;
  }
}

test("the page and the library agree on every picture, whatever its fields and its tags say", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(
      sizes,
      fc.option(degrees, { nil: undefined, freq: 2 }),
      fc.option(degrees, { nil: undefined, freq: 2 }),
      fc.option(projections, { nil: undefined }),
      fc.constantFrom("none", "any", "fitting"),
      gpanos,
      fc.string(),
      (size, haov, vaov, projection, tags, any, bytes) => {
        const gpano = tags === "any" ? any : tags === "fitting" ? gpanoOf(size.width, size.height, STRIP) : undefined;
        const xmp = gpano && gpanoXmp(gpano);
        const facts: ImageFacts = { ...size, haov, vaov, projection, ...(xmp === undefined ? {} : { xmp }) };
        const said: Said = { haov: haov ?? Number.NaN, vaov: vaov ?? Number.NaN, projection };
        const file = { name: "a.jpg", text: `${bytes}${xmp ?? ""}${bytes}`, ...size };
        const [page, library] = [outcome(() => fileCoverage(file, said)), outcome(() => imageCoverage(facts))];
        expect(page).toEqual(typeof library === "string" ? `a.jpg: ${library}` : library);
        kinds.add(typeof library === "string" ? "refused" : library.source.replace(/; .*$/, "").replace(/^.*, /, ""));
      },
    ),
    { numRuns: 2000 },
  );
  expect([...kinds].sort()).toEqual([
    "as said",
    "because it is twice as wide as high",
    "by its GPano tags",
    "refused",
    "six faces of a cube",
  ]);
});

const REFUSED: Record<string, [Partial<Said>, RegExp]> = {
  "a cube's picture that is no row of six squares": [{ projection: "cube" }, /^a\.png: cube: got 500 × 100 pixels, want six squares/],
  "a cylinder of 180 degrees": [{ projection: "cylinder", haov: 90, vaov: 180 }, /^a\.png: vaov: got 180, want .* at most 179/],
  "vaov without haov": [{ vaov: 60 }, /^a\.png: vaov: got 60 without haov/],
};
test.each(Object.entries(REFUSED))("the page refuses %s", (_, [said, words]) => {
  const fields: Said = { haov: Number.NaN, vaov: Number.NaN, projection: "equirectangular", ...said };
  expect(() => fileCoverage({ name: "a.png", text: "", width: 500, height: 100 }, fields)).toThrow(words);
});
