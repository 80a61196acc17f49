/** @file Which part of the sphere an image covers: from the options given, else from its GPano tags, else from its shape. */
import { degrees, radians } from "./angles.js";
import type { Coverage } from "./coverage.js";
import { taggedCoverage } from "./gpano-coverage.js";

/** What is known of an image file: its pixels, its tags, and what the user says of it. */
export interface ImageFacts {
  /** pixels */
  readonly width: number;
  readonly height: number;
  /** the file's XMP packet; absent if it has none */
  readonly xmp?: string;
  /** the user's horizontal and vertical angle of view, degrees; default for the vertical one: from the pixels */
  readonly haov?: number;
  readonly vaov?: number;
  /** the user's projection; default: that of the tags, without tags "equirectangular" */
  readonly projection?: Coverage["projection"];
}

/**
 * Finds which part of the sphere an image covers.
 * @returns the coverage, and its source in words
 * @throws UnknownCoverageError (a RangeError) for an image that is not 2:1, has no GPano tags that fit it and came without angles; RangeError for
 * angles out of range
 */
export function imageCoverage({ width, height, xmp, haov, vaov, projection }: ImageFacts): {
  readonly coverage: Coverage;
  readonly source: string;
} {
  if (projection === "cube") {
    if (width !== height * 6) throw new RangeError(`cube: got ${width} × ${height} pixels, want six squares in a row`);
    return { coverage: { projection, horizontal: 360, vertical: 180, edge: "wrap" }, source: "six faces of a cube" };
  }
  if (haov !== undefined) return said(width, height, haov, vaov, projection ?? "equirectangular");
  if (vaov !== undefined) throw new RangeError(`vaov: got ${vaov} without haov, want both, or haov alone`);
  const tagged = xmp === undefined ? undefined : taggedCoverage(xmp, { width, height }, projection);
  if (tagged && "coverage" in tagged) {
    const { coverage, note } = tagged;
    return { coverage, source: `${shape(coverage)}, by its GPano tags${note === undefined ? "" : `; ${note}`}` };
  }
  if (width === height * 2 && projection !== "cylinder") {
    const coverage = { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" } as const;
    const not = tagged ? `; its GPano tags do not fit: ${tagged.refused}` : "";
    return { coverage, source: `a full sphere, because it is twice as wide as high${not}` };
  }
  const found = tagged ? `GPano tags that do not fit: ${tagged.refused}` : "no GPano tags";
  const reason = `${projection === "cylinder" ? "a cylinder that" : "an image that is not 2:1 and"} has ${found}`;
  throw new UnknownCoverageError(`${width} × ${height} pixels`, reason);
}

/** Nothing tells what an image covers. */
export class UnknownCoverageError extends RangeError {
  /** @param reason what the image is and lacks, to be read after "it is" */
  constructor(
    image: string,
    readonly reason: string,
  ) {
    super(
      `${image}: got ${reason}, want the degrees it covers; give the horizontal angle (haov), and the vertical one (vaov) if pixels are not square`,
    );
  }
}

/** The coverage that the user names. */
function said(
  width: number,
  height: number,
  haov: number,
  vaov: number | undefined,
  projection: "cylinder" | "equirectangular",
): ReturnType<typeof imageCoverage> {
  const vertical = vaov ?? followingHeight(width, height, haov, projection);
  const most = projection === "cylinder" ? 179 : 180;
  if (!(haov > 0 && haov <= 360)) throw new RangeError(`haov: got ${haov}, want degrees above 0, at most 360`);
  if (!(vertical > 0 && vertical <= most)) throw new RangeError(`vaov: got ${vertical}, want degrees above 0, at most ${most}`);
  const coverage = { projection, horizontal: haov, vertical, edge: haov === 360 ? "wrap" : "open" } as const;
  return { coverage, source: `${shape(coverage)}, as said` };
}

/** The vertical angle for which pixels at the horizon are square. */
function followingHeight(width: number, height: number, haov: number, projection: "cylinder" | "equirectangular"): number {
  const angle = (haov * height) / width; // degrees
  return projection === "equirectangular" ? angle : degrees(2 * Math.atan(radians(angle) / 2));
}

const shape = ({ projection, horizontal, vertical }: Coverage): string =>
  `${Math.round(horizontal * 10) / 10}° × ${Math.round(vertical * 10) / 10}° ${projection}`;
