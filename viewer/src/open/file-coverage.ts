/** @file Which part of the sphere a dropped picture covers, as in `veduta view`; and a guess where nothing says it. */
import type { Coverage } from "../../../kernel-lib/panorama/coverage.js";
import { imageCoverage, UnknownCoverageError } from "../../../kernel-lib/panorama/image-coverage.js";

/** The values of the page's fields. An empty number is NaN. */
export interface Said {
  readonly haov: number;
  readonly vaov: number;
  /** undefined: as the picture says */
  readonly projection: Coverage["projection"] | undefined;
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

/** A coverage, and its source in words. */
export type Covered = ReturnType<typeof imageCoverage>;

/** Finds the coverage of a picture file. @throws RangeError like `imageCoverage`, with the file's name */
export function fileCoverage(picture: PictureFile, said: Said): Covered {
  try {
    return asSaid(picture, said);
  } catch (error) {
    throw new RangeError(`${picture.name}: ${(error as Error).message}`);
  }
}

const asSaid = ({ text, width, height }: PictureFile, { haov, vaov, projection }: Said): Covered => {
  const given = (degrees: number) => (Number.isNaN(degrees) ? undefined : degrees);
  return imageCoverage({ width, height, xmp: text, haov: given(haov), vaov: given(vaov), projection });
};

/** Degrees that a telephone's sweep is high, about. */
const SWEEP = 40;

/**
 * The same; where nothing tells what the picture covers, a guess: a telephone's sweep, on a cylinder, as wide as its shape makes it.
 * @throws RangeError if the fields do not fit the picture
 */
export function likelyCoverage(picture: PictureFile, said: Said): Covered & { readonly known: "known" | "guess" } {
  try {
    return { ...asSaid(picture, said), known: "known" };
  } catch (error) {
    if (!(error instanceof UnknownCoverageError)) throw new RangeError(`${picture.name}: ${(error as Error).message}`);
    const { width, height } = picture;
    const haov = Math.min(360, Math.max(1, Math.round((SWEEP * width) / height)));
    const { coverage } = imageCoverage({ width, height, haov, projection: "cylinder" });
    return { coverage, source: `${haov}° across is a guess, for it is ${error.reason}`, known: "guess" };
  }
}
