/** @file A cache of a viewer's textures: loaded on demand, the least recently used freed. */
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import type { Surface } from "./surface.js";

/** Maximum number of cached textures per panorama: the shown one, its neighbours, and one more. */
const MOST = 4;

/** A picture of a panorama. */
export interface Wanted {
  readonly src: string;
  readonly coverage: Coverage;
}

/** A cache of textures. */
export interface Pictures {
  /** the texture; undefined if it is not loaded */
  ready(wanted: Wanted): Surface | undefined;
  /** Loads a texture. @throws if the picture cannot be decoded */
  load(wanted: Wanted): Promise<Surface>;
  /** Frees all textures; they load again on demand. */
  release(): void;
}

/** Makes a cache of textures. */
export function createPictures(surface: (image: HTMLImageElement, coverage: Coverage) => Surface, panoramas: number): Pictures {
  const held = new Map<string, { loading: Promise<Surface>; surface?: Surface }>(); // in the order of the last use
  const use = (src: string) => {
    const entry = held.get(src);
    if (!entry) return undefined;
    held.delete(src);
    held.set(src, entry);
    return entry;
  };
  const drop = (src: string) => {
    held.get(src)?.surface?.dispose();
    held.delete(src);
  };
  return {
    ready: ({ src }) => use(src)?.surface,
    load({ src, coverage }) {
      const known = use(src);
      if (known) return known.loading;
      const entry: { loading: Promise<Surface>; surface?: Surface } = {
        loading: picture(src).then((image) => {
          const made = surface(image, coverage);
          if (held.get(src) === entry) entry.surface = made;
          else made.dispose(); // freed while it loaded
          return made;
        }),
      };
      held.set(src, entry);
      entry.loading.catch(() => held.get(src) === entry && held.delete(src));
      for (const old of [...held.keys()].slice(0, Math.max(0, held.size - MOST * panoramas))) drop(old);
      return entry.loading;
    },
    release() {
      for (const src of [...held.keys()]) drop(src);
    },
  };
}

/** Loads and decodes an image. The page's own `<img>` cannot be used: three.js reads its `width`, which is that of its box. */
export async function picture(src: string): Promise<HTMLImageElement> {
  const image = new Image();
  if (/^https?:/.test(new URL(src, document.baseURI).protocol)) image.crossOrigin = "anonymous"; // a picture of another site is read only if that site allows it
  image.src = src;
  await image.decode();
  return image;
}
