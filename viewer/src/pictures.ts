/** @file The pictures of a viewer on the graphics card: loaded when wanted, the least recently wanted given back. */
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import type { Surface } from "./surface.js";

/** Most textures that a viewer holds for each panorama: the shown one, its neighbours, and one more. */
const MOST = 4;

export interface Wanted {
  readonly src: string;
  readonly coverage: Coverage;
}

export interface Pictures {
  /** the texture, where it is there already */
  ready(wanted: Wanted): Surface | undefined;
  /** @throws where the picture cannot be decoded */
  load(wanted: Wanted): Promise<Surface>;
  /** Gives all textures back; they load again when wanted. */
  release(): void;
}

export function createPictures(surface: (image: HTMLImageElement, coverage: Coverage) => Surface, panoramas: number): Pictures {
  const held = new Map<string, { loading: Promise<Surface>; surface?: Surface }>(); // in the order of their last use
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
          else made.dispose(); // given back while it loaded
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

/** The image of a source, decoded. Never the page's own `<img>`, whose `width` is that of its box, which three.js takes for the picture's. */
export async function picture(src: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = src;
  await image.decode();
  return image;
}
