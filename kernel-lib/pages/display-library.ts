/**
 * @file The scripts that make figures live, as a notebook carries them: each compressed in one output of its own, which holds no picture and
 * no words: where scripts are stripped nothing is missed.
 *
 * In one page the first library of a name stays, whichever notebook brought it: a later one does nothing. So the jobs that figures queue
 * keep their meaning from version to version, and new ones get a new kind.
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { CheckpointError } from "../core/errors.js";
import type { MimeBundle } from "../core/host.js";

/** "viewer": panoramas (0.2 MB); "plots": Plotly whole and our plots (2 MB). */
export type LibraryName = "viewer" | "plots";

/** A library's file, in the folder of the built viewer. */
export const libraryFile = (name: LibraryName): string => `veduta-${name}.js`;

const texts = new Map<LibraryName, string>();

/** The built script. @throws CheckpointError where it was not built */
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

/** The script as it may stand inside a page's script element. */
export const inlineLibrary = (name: LibraryName): string =>
  libraryText(name)
    .replace(/<\/(script)/gi, "<\\/$1")
    .replace(/<!--/g, "<\\!--");

const bundles = new Map<LibraryName, MimeBundle>();

/** The output that carries a library. Unpacked by the browser itself; no loader, no `define`, no request. */
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
