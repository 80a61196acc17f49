/** @file The links of the repository's files as links of the site, and those that lead nowhere. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT } from "../scripts/paths.mjs";
import { relativeTo } from "./layout.mjs";
import { addressOf } from "./outline.mjs";

/** Files that are copied as they are. */
const PICTURE = /\.(webp|png|jpe?g|gif|svg)$/i;

/** Follows the links of all pages. @param {ReadonlySet<string>} pages of the outline */
export function linkKeeper(pages) {
  /** @type {Map<string, string>} copied files: from the repository's path to the site's address */
  const pictures = new Map();
  /** @type {Set<string>} paths of files that are shown under files/ */
  const files = new Set();
  /** @type {{ page: string, link: string, why: string }[]} */
  const broken = [];
  /** @type {{ page: string, link: string, address: string, id: string }[]} */
  const anchors = [];

  /** Where a path of the repository lies in the site. @param {string} path */
  function place(path) {
    if (pages.has(path)) return addressOf(path);
    const readme = posix.join(path, "README.md");
    if (pages.has(readme)) return addressOf(readme);
    const file = join(ROOT, path);
    if (!existsSync(file)) return undefined;
    if (statSync(file).isDirectory()) return shown(existsSync(join(ROOT, readme)) ? readme : path);
    return PICTURE.test(path) ? copied(path) : shown(path);
  }
  const shown = (/** @type {string} */ path) => {
    files.add(path);
    return `files/${path}.html`;
  };
  const copied = (/** @type {string} */ path) => {
    pictures.set(path, path);
    return path;
  };

  /** The mapping of one page's links. @param {string} page its path, from which its links lead @param {string} address where it lies in the site */
  function linksOf(page, address) {
    const link = (/** @type {string} */ written) => {
      if (/^(https?|mailto):/.test(written)) return written;
      const [path, id] = written.split("#");
      if (path === "") {
        anchors.push({ page, link: written, address, id });
        return written;
      }
      // what the site makes itself is named by its address
      const target = path.startsWith("site:") ? path.slice("site:".length) : place(posix.normalize(posix.join(posix.dirname(page), path)));
      if (target === undefined) {
        broken.push({ page, link: written, why: "no such file" });
        return written;
      }
      if (id !== undefined) anchors.push({ page, link: written, address: target, id });
      return `${relativeTo(address, target)}${id === undefined ? "" : `#${id}`}`;
    };
    const image = (/** @type {string} */ written) => {
      if (written.startsWith("data:")) return { src: written };
      const path = posix.normalize(posix.join(posix.dirname(page), written));
      if (!existsSync(join(ROOT, path))) {
        broken.push({ page, link: written, why: "no such picture" });
        return { src: written };
      }
      return { src: relativeTo(address, copied(path)), ...webpSize(join(ROOT, path)) };
    };
    return { link, image };
  }
  return { linksOf, pictures, files, broken, anchors };
}

/** The size of a WebP file in pixels, of its header; empty for another file. @param {string} file @returns {{ width?: number, height?: number }} */
function webpSize(file) {
  const bytes = readFileSync(file);
  if (bytes.toString("latin1", 8, 12) !== "WEBP") return {};
  switch (bytes.toString("latin1", 12, 16)) {
    case "VP8X":
      return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) };
    case "VP8L": {
      const bits = bytes.readUInt32LE(21);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
    }
    default:
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  }
}
