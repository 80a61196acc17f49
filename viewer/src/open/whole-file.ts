/** @file Whether a picture file is whole. Browsers show the first part of one that is cut off, and say nothing. */

/** Why a file cannot be a whole picture; undefined if nothing speaks against it. @param bytes of the file */
export function damage(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "an empty file";
  const kind = KINDS.find(({ at, magic }) => text(bytes.subarray(at, at + magic.length)) === magic);
  return kind === undefined || kind.whole(bytes) ? undefined : `a ${kind.name} that ends in the middle, a part of the file`;
}

interface Kind {
  readonly name: string;
  /** the bytes that tell it, and their place */
  readonly magic: string;
  readonly at: number;
  whole(bytes: Uint8Array): boolean;
}

const KINDS: readonly Kind[] = [
  { name: "JPEG", at: 0, magic: "\xff\xd8\xff", whole: wholeJpeg },
  // The last chunk of a PNG is IEND.
  { name: "PNG", at: 0, magic: "\x89PNG", whole: (bytes) => text(bytes.subarray(-4096)).includes("IEND") },
  // Its length stands in its head.
  {
    name: "WebP",
    at: 8,
    magic: "WEBP",
    whole: (bytes) => bytes.length >= new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) + 8,
  },
];

/** A JPEG has an end marker after its scan: its head, which may hold a whole small picture, is skipped segment by segment (ITU T.81, annex B). */
function wholeJpeg(bytes: Uint8Array): boolean {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  for (let k = bytes.length - 2; k > at; k--) if (bytes[k] === 0xff && bytes[k + 1] === 0xd9) return true;
  return false;
}

/** Whether a file is HEIC, as telephones save pictures: ISO/IEC 23008-12, the brands of its ftyp box. */
export const isHeic = (bytes: Uint8Array): boolean => /^ftyp(heic|heix|hevc|heim|heis|mif1)/.test(text(bytes.subarray(4, 12)));

/** Each byte as the letter of its number. The decoder's "latin1" is another table above 127. */
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
