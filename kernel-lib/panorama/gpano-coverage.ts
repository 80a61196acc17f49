/** @file What an image covers by its GPano tags, and why tags are not believed. */
import { degrees, radians } from "./angles.js";
import type { Coverage } from "./coverage.js";
import { coverageOf, type Gpano, gpanoProjection, parseGpano } from "./gpano.js";

/** What the tags of an image say. */
export type Tagged =
  /** the coverage, and what a reader should know of it */
  | { readonly coverage: Coverage; readonly note?: string }
  /** why the tags are not used */
  | { readonly refused: string };

/** Largest relative difference of width over height between the tags and the pixels: an image that was scaled rounds both. */
const SAME = 0.02;

/**
 * Finds what an image covers by its tags. An image may be scaled, since only shares of the full panorama count; one that was cut after it was
 * tagged has another shape than its tags, and they are refused. Cylindrical tags, which phones write, count pixels on a cylinder.
 * @param pixels of the image @param projection the user's, which replaces that of the tags
 * @returns undefined if the packet has no such tags
 */
export function taggedCoverage(
  xmp: string,
  pixels: { readonly width: number; readonly height: number },
  projection?: "equirectangular" | "cylinder",
): Tagged | undefined {
  const gpano = parseGpano(xmp);
  if (!gpano) return undefined;
  const wrong = wrongTags(gpano, pixels);
  if (wrong !== undefined) return { refused: wrong };
  const named = gpanoProjection(xmp) ?? "equirectangular";
  const chosen = projection ?? PROJECTIONS[named];
  if (chosen === undefined) return { refused: `they name the projection "${named}"; equirectangular and cylindrical are read` };
  return chosen === "equirectangular" ? { coverage: coverageOf(gpano) } : onCylinder(gpano);
}

const PROJECTIONS: Readonly<Record<string, "equirectangular" | "cylinder">> = {
  equirectangular: "equirectangular",
  cylindrical: "cylinder",
  cylinder: "cylinder",
};

function wrongTags(gpano: Gpano, { width, height }: { readonly width: number; readonly height: number }): string | undefined {
  const { fullWidth, fullHeight, croppedWidth, croppedHeight, croppedLeft, croppedTop } = gpano;
  if (Math.min(fullWidth, fullHeight, croppedWidth, croppedHeight) <= 0)
    return `they say ${croppedWidth} × ${croppedHeight} of ${fullWidth} × ${fullHeight} pixels`;
  // A picture may cross the left edge of the full panorama, but not its poles.
  if (croppedTop < 0 || croppedTop + croppedHeight > fullHeight || croppedLeft < 0 || croppedWidth > fullWidth)
    return `they say that ${croppedWidth} × ${croppedHeight} pixels at ${croppedLeft}, ${croppedTop} lie in ${fullWidth} × ${fullHeight}`;
  if (Math.abs((width * croppedHeight) / (height * croppedWidth) - 1) > SAME)
    return `they say ${croppedWidth} × ${croppedHeight} pixels, and the image has ${width} × ${height}: it was cut after they were written`;
  return undefined;
}

/** Pixels on a cylinder: columns are steps of heading, rows steps of height, as large as the columns at the horizon. */
function onCylinder({ fullWidth, fullHeight, croppedWidth, croppedHeight, croppedTop }: Gpano): Tagged {
  const horizontal = (360 * croppedWidth) / fullWidth;
  const vertical = degrees(2 * Math.atan((croppedHeight / 2) * radians(360 / fullWidth)));
  const coverage = { projection: "cylinder", horizontal, vertical, edge: horizontal === 360 ? "wrap" : "open" } as const;
  const off = croppedTop + croppedHeight / 2 - fullHeight / 2; // pixels below the horizon
  if (Math.abs(off) <= 1) return { coverage };
  return {
    coverage,
    note: `its horizon is taken to be in the middle, and the tags put it ${Math.abs(off)} pixels ${off > 0 ? "above" : "below"}`,
  };
}
