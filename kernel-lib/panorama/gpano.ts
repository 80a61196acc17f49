/**
 * @file GPano: XMP tags that tell panorama viewers what an image covers.
 * Tags: developers.google.com/streetview/spherical-metadata. Viewers read only the projection "equirectangular". So a cylindrical panorama is
 * declared equirectangular, with the same columns and the same scale at the horizon. For a 6:1 loop that is 360° × 60°, while our viewer
 * draws the cylinder's 55.3°: rows differ by at most 2.4° at the edges. The numbers match the file's pixels exactly; viewers refuse images
 * whose numbers do not (mistic100/Photo-Sphere-Viewer issues 496 and 1520).
 */
import type { Coverage } from "./coverage.js";

/** The tags, in pixels of the file. The full panorama is 360° × 180°, twice as wide as high. */
export interface Gpano {
  readonly fullWidth: number;
  readonly fullHeight: number;
  readonly croppedWidth: number;
  readonly croppedHeight: number;
  readonly croppedLeft: number;
  readonly croppedTop: number;
}

/**
 * The tags of an image whose centre is the full panorama's and whose pixels are square.
 * @returns undefined if the image would be higher than 180°
 */
export function gpanoOf(width: number, height: number, { horizontal }: Coverage): Gpano | undefined {
  // Even, so that the height is exactly half of it; never narrower than the image.
  const fullWidth = 2 * Math.max(Math.round((width * 360) / horizontal / 2), Math.ceil(width / 2));
  const fullHeight = fullWidth / 2;
  if (height > fullHeight) return undefined;
  return {
    fullWidth,
    fullHeight,
    croppedWidth: width,
    croppedHeight: height,
    croppedLeft: Math.floor((fullWidth - width) / 2),
    croppedTop: Math.floor((fullHeight - height) / 2),
  };
}

const TAGS = {
  FullPanoWidthPixels: "fullWidth",
  FullPanoHeightPixels: "fullHeight",
  CroppedAreaImageWidthPixels: "croppedWidth",
  CroppedAreaImageHeightPixels: "croppedHeight",
  CroppedAreaLeftPixels: "croppedLeft",
  CroppedAreaTopPixels: "croppedTop",
} as const satisfies Record<string, keyof Gpano>;

/** Writes the tags as an XMP packet, as elements: some viewers do not read attributes. */
export function gpanoXmp(gpano: Gpano): string {
  const tags = Object.entries(TAGS).map(([tag, key]) => `   <GPano:${tag}>${gpano[key]}</GPano:${tag}>`);
  return `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/">
   <GPano:ProjectionType>equirectangular</GPano:ProjectionType>
   <GPano:UsePanoramaViewer>True</GPano:UsePanoramaViewer>
${tags.join("\n")}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`;
}

/**
 * Reads the tags of an XMP packet: elements or attributes, under any prefix of their namespace, sizes as whole numbers or decimals.
 * @returns undefined if one is missing or is no number
 */
export function parseGpano(xmp: string): Gpano | undefined {
  const entries = Object.entries(TAGS).map(([tag, key]) => [key, Math.round(Number(tagOf(xmp, tag) ?? Number.NaN))] as const);
  if (entries.some(([, n]) => !Number.isFinite(n))) return undefined;
  return Object.fromEntries(entries) as unknown as Gpano;
}

/** The projection that the tags name, in lower case; undefined if they name none. */
export const gpanoProjection = (xmp: string): string | undefined => tagOf(xmp, "ProjectionType")?.toLowerCase();

const NAMESPACE = "http://ns.google.com/photos/1.0/panorama/";

/** The value of a tag. XML lets a file choose the prefix; "GPano" is that of the specification. */
function tagOf(xmp: string, tag: string): string | undefined {
  const bound = [...xmp.matchAll(/xmlns:([\w.-]+)\s*=\s*["']([^"']*)["']/g)].filter(([, , name]) => name === NAMESPACE);
  for (const prefix of new Set([...bound.map(([, name]) => name), "GPano"])) {
    const found = new RegExp(`\\b${prefix}:${tag}(?:>|\\s*=\\s*["'])\\s*([^<"'\\s]+)\\s*[<"']`).exec(xmp);
    if (found) return found[1];
  }
  return undefined;
}

/** The coverage that the tags declare; the edge wraps if the image has the full width. */
export function coverageOf(gpano: Gpano): Coverage {
  const horizontal = (360 * gpano.croppedWidth) / gpano.fullWidth;
  const vertical = (180 * gpano.croppedHeight) / gpano.fullHeight;
  const centre = 90 - (180 * (gpano.croppedTop + gpano.croppedHeight / 2)) / gpano.fullHeight;
  return {
    projection: "equirectangular",
    horizontal,
    vertical,
    edge: horizontal === 360 ? "wrap" : "open",
    ...(centre === 0 ? {} : { centre }),
  };
}
