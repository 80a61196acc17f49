/** @file What a file's content is called: sha256, and git's name for a file that is not in large file storage. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

/** What a content must hash to; a sha256 may be its first digits. */
export interface Digest {
  readonly kind: "sha256" | "git";
  /** Hexadecimal digits. */
  readonly hex: string;
}

/** What the hub's etags say of a content: the sha256 of a large file, git's sha1 of any other; nothing where it is another server's. */
export function digestOfEtag(etag: string): Digest | undefined {
  if (/^[0-9a-f]{64}$/.test(etag)) return { kind: "sha256", hex: etag };
  return /^[0-9a-f]{40}$/.test(etag) ? { kind: "git", hex: etag } : undefined;
}

/** The sha256 of a file, and whether its content is the wanted one. The thread stays free meanwhile. */
export async function hashFile(
  file: string,
  want?: Digest,
): Promise<{ readonly sha256: string; readonly fits: boolean; readonly found: string }> {
  const sha256 = createHash("sha256");
  const git = want?.kind === "git" ? createHash("sha1").update(`blob ${statSync(file).size}\0`) : undefined;
  for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    sha256.update(piece);
    git?.update(piece);
  }
  const hex = sha256.digest("hex");
  const found = git?.digest("hex") ?? hex;
  return { sha256: hex, found, fits: !want || found.startsWith(want.hex) };
}
