/**
 * @file Where the entries of a zip lie that packs nothing, as torch.save writes it. Source: PKWARE's APPNOTE 6.3: end of central directory
 * (4.3.16), its zip64 form (4.3.14, 4.3.15), central headers (4.3.12), local headers (4.3.7).
 */
import { CheckpointError } from "../core/errors.js";
import { readFully } from "../core/files.js";
import { brief } from "../core/json.js";

/** Bytes of the file that are an entry's content. */
export interface StoredEntry {
  readonly offset: number;
  readonly length: number;
}

/** A checkpoint of ten thousand tensors has a directory of about a megabyte. */
const MAX_DIRECTORY = 32 * 2 ** 20;
const END = { signature: 0x06054b50, bytes: 22, comment: 65535 };
const END64 = { signature: 0x06064b50, locator: 0x07064b50, locatorBytes: 20, bytes: 56 };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
/** A field of 32 bits that says: see the zip64 extra field. */
const ELSEWHERE = 0xffffffff;

/** @throws CheckpointError where it is no zip, lies about its places, or packs or encrypts an entry */
/** The files of a zip archive that stores them without compression. @throws CheckpointError where the archive lies */
export function zipEntries({
  fd,
  file,
  size,
}: {
  readonly fd: number;
  readonly file: string;
  readonly size: number;
}): Map<string, StoredEntry> {
  const refuse = (expected: string, found: string): never => {
    throw new CheckpointError(file, { expected: `a zip with ${expected}`, found });
  };
  const read = (what: string, offset: number, length: number): Buffer => {
    if (offset < 0 || offset + length > size) refuse(`${what} within ${size} bytes`, `byte ${offset} to ${offset + length}`);
    const bytes = Buffer.alloc(length);
    readFully(fd, file, bytes, offset);
    return bytes;
  };
  const expectSignature = (what: string, bytes: Buffer, at: number, signature: number) => {
    if (bytes.readUInt32LE(at) !== signature) refuse(`${what} where it says`, "something else");
  };
  const wide = (bytes: Buffer, at: number): number => {
    const value = bytes.readBigUInt64LE(at);
    return value <= BigInt(size) ? Number(value) : refuse(`places within ${size} bytes`, String(value));
  };

  const tailAt = Math.max(0, size - END.bytes - END.comment);
  const tail = read("an end", tailAt, size - tailAt);
  let end = tail.length - END.bytes;
  while (end >= 0 && tail.readUInt32LE(end) !== END.signature) end--;
  if (end < 0) return refuse("a central directory", "none");
  let [count, length, start] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (count === 0xffff || length === ELSEWHERE || start === ELSEWHERE) {
    const locator = read("a zip64 locator", tailAt + end - END64.locatorBytes, END64.locatorBytes);
    expectSignature("a zip64 locator", locator, 0, END64.locator);
    const end64 = read("a zip64 end", wide(locator, 8), END64.bytes);
    expectSignature("a zip64 end", end64, 0, END64.signature);
    [count, length, start] = [wide(end64, 32), wide(end64, 40), wide(end64, 48)];
  }
  if (length > MAX_DIRECTORY) refuse(`a directory of at most ${MAX_DIRECTORY} bytes`, String(length));
  const directory = read("its directory", start, length);

  const entries = new Map<string, StoredEntry>();
  let at = 0;
  for (let k = 0; k < count; k++) {
    if (at + CENTRAL.bytes > length) return refuse(`${count} entries`, `${k}`);
    expectSignature("a directory's header", directory, at, CENTRAL.signature);
    const [flags, method] = [directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10)];
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
    const next = at + CENTRAL.bytes + nameBytes + extraBytes + commentBytes;
    if (next > length) return refuse(`${count} entries`, `${k} and a part`);
    const name = directory.toString("utf8", at + CENTRAL.bytes, at + CENTRAL.bytes + nameBytes);
    const extra = directory.subarray(at + CENTRAL.bytes + nameBytes, next - commentBytes);
    if (method !== 0 || (flags & 1) !== 0) refuse("stored entries", `${brief(name)} packed or encrypted`);
    const sizes = [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)];
    const [whole, packed, header] = zip64Fields(sizes, extra, wide) ?? refuse("zip64 sizes where it says", "none");
    if (whole !== packed) refuse("stored entries", `${brief(name)} of ${packed} bytes for ${whole}`);
    const local = read("a local header", header, LOCAL.bytes);
    expectSignature("a local header", local, 0, LOCAL.signature);
    const offset = header + LOCAL.bytes + local.readUInt16LE(26) + local.readUInt16LE(28);
    if (offset + whole > size) refuse(`${brief(name)} within ${size} bytes`, `byte ${offset} to ${offset + whole}`);
    if (entries.has(name)) refuse("each name once", `${brief(name)} twice`);
    entries.set(name, { offset, length: whole });
    at = next;
  }
  return entries;
}

/** Sizes and place, those that say so from the zip64 extra field (id 1), which holds them in this order. */
function zip64Fields(fields: readonly number[], extra: Buffer, wide: (bytes: Buffer, at: number) => number): number[] | undefined {
  if (!fields.includes(ELSEWHERE)) return [...fields];
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2));
    let next = at + 4;
    const values = fields.map((field) => {
      if (field !== ELSEWHERE) return field;
      next += 8;
      return next <= end ? wide(extra, next - 8) : undefined;
    });
    return values.every((value) => value !== undefined) ? (values as number[]) : undefined;
  }
  return undefined;
}
