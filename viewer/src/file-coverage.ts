/** @file Which part of the sphere a dropped picture covers, as in `veduta view`. */
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import { imageCoverage } from "../../kernel-lib/panorama/image-coverage.js";

/** The values of the page's fields. An empty field is NaN. */
export interface Said {
  readonly haov: number;
  readonly vaov: number;
  readonly projection: Coverage["projection"];
}

/** A dropped picture. */
export interface PictureFile {
  readonly name: string;
  /** its bytes as text, in which an XMP packet can be found */
  readonly text: string;
  /** pixels */
  readonly width: number;
  readonly height: number;
}

/** Finds the coverage of a picture file. @throws RangeError like `imageCoverage`, with the file's name */
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
