/**
 * @file The viewer's and plots' scripts, gzip-compressed. A notebook carries each in an output of its own, so that a sanitised notebook loses
 * only interactivity.
 *
 * A page runs the first copy of a library that it meets, perhaps from an older Veduta. So queued jobs must stay backward compatible; a
 * changed job gets a new kind.
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { CheckpointError } from "../core/errors.js";
import type { MimeBundle } from "../core/host.js";

/** "viewer": the panorama viewer (0.2 MB). "plots": all of Plotly, and our plots (2 MB). */
export type LibraryName = "viewer" | "plots";

/** File name of a built library. */
export const libraryFile = (name: LibraryName): string => `veduta-${name}.js`;

const texts = new Map<LibraryName, string>();

/** Reads a built script. @throws CheckpointError if it was not built */
export function libraryText(name: LibraryName): string {
  const file = new URL(`../../viewer/${libraryFile(name)}`, import.meta.url);
  let text = texts.get(name);
  try {
    text ??= readFileSync(file, "utf8");
  } catch {
    throw new CheckpointError(file.pathname, { expected: `the built script of the ${name}`, found: "no file", fix: "run npm run build" });
  }
  texts.set(name, text);
  return text;
}

/** Escapes a script for a page's script element. */
export const inlineLibrary = (name: LibraryName): string =>
  libraryText(name)
    .replace(/<\/(script)/gi, "<\\/$1")
    .replace(/<!--/g, "<\\!--");

const bundles = new Map<LibraryName, MimeBundle>();

/** The output that carries a library. The browser itself decompresses it: no loader, no `define`, no request. */
export function libraryBundle(name: LibraryName): MimeBundle {
  const known = bundles.get(name);
  if (known) return known;
  const packed = gzipSync(libraryText(name), { level: 9 }).toString("base64");
  const unpack = `(async()=>{const all=globalThis.__vedutaLibraries??={};if(all.${name})return;all.${name}=true;try{const packed=Uint8Array.from(atob("${packed}"),c=>c.charCodeAt(0));const script=document.createElement("script");script.textContent=await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();document.head.append(script)}catch(error){delete all.${name};console.warn("veduta: figures stay still pictures",error)}})()`;
  const bundle = {
    "text/html": `<div class="veduta-library"></div><script>${unpack}</script>`,
    "text/plain": `[the ${name} for this notebook's figures]`,
  };
  bundles.set(name, bundle);
  return bundle;
}
