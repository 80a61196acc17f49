/** @file What part of the sphere a dropped picture covers, read as `veduta view` reads it. */
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import { imageCoverage } from "../../kernel-lib/panorama/image-coverage.js";

/** What the page's fields say; a number that was left out is NaN, as an empty field gives it. */
export interface Said {
  readonly haov: number;
  readonly vaov: number;
  readonly projection: Coverage["projection"];
}

/** A dropped picture. */
export interface PictureFile {
  readonly name: string;
  /** its bytes as text: an XMP packet stands in a file as it is */
  readonly text: string;
  /** pixels */
  readonly width: number;
  readonly height: number;
}

/** @throws RangeError, with the file's name, as `imageCoverage` does */
export function fileCoverage(
  { name, text, width, height }: PictureFile,
  { haov, vaov, projection }: Said,
): ReturnType<typeof imageCoverage> {
  const given = (degrees: number) => (Number.isNaN(degrees) ? undefined : degrees);
  try {
    return imageCoverage({ width, height, xmp: text, haov: given(haov), vaov: given(vaov), projection });
  } catch (error) {
    throw new RangeError(`${name}: ${(error as Error).message}`);
  }
}
