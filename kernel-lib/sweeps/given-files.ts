/** @file The pictures that a plan names. They lie in the sweep's folder under their sha256, so that every worker has them and reads the same ones. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, isAbsolute, join, resolve } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, systemReason } from "../core/files.js";
import { decodeImage } from "../core/image.js";
import { once } from "../core/once.js";
import type { Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";

/** Files by the names that the plan gives them: where each lies in the sweep's folder. */
export type GivenFiles = Readonly<Record<string, string>>;

/** The folder of the plan's pictures in the sweep's folder. */
const GIVEN_FOLDER = "given";

/** Reads the pictures of a plan, each once. */
export interface PictureReader {
  /** A picture by the plan's name: [1,3,H,W] in [0,1]. @throws CheckpointError for a file that is no picture */
  decode(name: string): Promise<Tensor>;
  /** Its bytes. */
  bytes(name: string): Promise<Uint8Array>;
}

/** Reads pictures where the plan says, and notes them. @param base the folder that relative names begin at */
export function planPictures(base: string): PictureReader & { readonly found: ReadonlyMap<string, Uint8Array> } {
  const found = new Map<string, Uint8Array>();
  const place = (name: string) => (isAbsolute(name) ? name : resolve(base, name));
  const bytes = async (name: string): Promise<Uint8Array> => {
    const known = found.get(name);
    if (known) return known;
    const read = await readFile(place(name)).catch((error: unknown) => {
      throw new CheckpointError(place(name), { expected: "a picture that the plan names", found: systemReason(error) });
    });
    found.set(name, read);
    return read;
  };
  return {
    found,
    bytes,
    ...decoder(async (name) => {
      await bytes(name);
      return place(name);
    }),
  };
}

/** Reads pictures out of a sweep's folder. */
export function keptPictures(dir: string, files: GivenFiles): PictureReader {
  const place = (name: string): string => {
    if (!Object.hasOwn(files, name))
      throw new CheckpointError(join(dir, "sweep.json"), { expected: `files: where ${name} lies`, found: "nothing" });
    return join(dir, files[name]);
  };
  return { bytes: async (name) => readFile(place(name)), ...decoder(async (name) => place(name)) };
}

/** Decodes each file once. */
function decoder(place: (name: string) => Promise<string>): Pick<PictureReader, "decode"> {
  const images = new Map<string, () => Promise<Tensor>>();
  return {
    decode(name) {
      const read = images.get(name) ?? once(async () => decodeImage(await place(name)));
      images.set(name, read);
      return read();
    },
  };
}

/** Writes the pictures into the sweep's folder, those that are not there yet. */
export async function keepPictures(dir: string, found: ReadonlyMap<string, Uint8Array>): Promise<GivenFiles> {
  const files: Record<string, string> = {};
  for (const [name, bytes] of found) {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const file = join(GIVEN_FOLDER, `${sha256.slice(0, 16)}${extname(name).toLowerCase()}`);
    if (!fileExists(join(dir, file))) await writeWhole(join(dir, file), bytes);
    files[name] = file;
  }
  return files;
}
