/** @file Hashes what has been pulled, file by file. */
import { hashFile } from "./hashing.js";
import { installed, wanted } from "./installed.js";
import type { ManifestModel } from "./manifest.js";
import { pinsOf } from "./pins.js";
import type { HubSettings } from "./settings.js";

/** The result of hashing one file. */
export interface FileReport {
  readonly path: string;
  /** "unknown": nothing says what it should be; it was not pulled by us. */
  readonly state: "same" | "different" | "missing" | "unknown";
  /** Where it is, links followed. */
  readonly file: string | undefined;
  /** Hex digits, where they differ. */
  readonly expected?: string;
  readonly found?: string;
}

/** One report a file, as each is done. */
export async function* verifyModel(model: ManifestModel, settings: HubSettings): AsyncGenerator<FileReport, void> {
  const pins = pinsOf(settings.ownCache, model.name);
  for (const at of installed(model, settings).files) {
    const want = wanted(pins, at);
    if (!at.file) {
      yield { ...at, state: "missing" };
      continue;
    }
    const { fits, found } = await hashFile(at.file, want);
    if (!want) yield { ...at, state: "unknown" };
    else yield fits ? { ...at, state: "same" } : { ...at, state: "different", expected: want.hex, found };
  }
}
