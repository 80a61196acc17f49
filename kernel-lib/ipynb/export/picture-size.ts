/**
 * @file The size at which an output wants its picture shown: `metadata["image/png"].width` and `.height`, in CSS pixels (nbformat), as JupyterLab
 * reads them; nbconvert and the classic Notebook also take them from the metadata itself. On a narrow page the picture shrinks, and keeps its shape.
 */
import { isObject, type JsonObject } from "../../core/json.js";
import { escapeHtml } from "../../pages/html.js";

/** A picture's size in CSS pixels; what is absent follows from the picture. */
export interface PictureSize {
  readonly width?: number;
  readonly height?: number;
}

/** The size that an output's metadata names for a form. What is no positive number is left out. */
export function pictureSize(metadata: JsonObject, type: string): PictureSize {
  const own = isObject(metadata[type]) ? metadata[type] : {};
  const pixels = (name: "width" | "height") => {
    const value = Number(own[name] ?? metadata[name]);
    return Number.isFinite(value) && value > 0 ? { [name]: value } : {};
  };
  return { ...pixels("width"), ...pixels("height") };
}

/** An image of that size. @param src any address @param alt any text */
export function sizedImage(src: string, alt: string, size: PictureSize): string {
  return `<img src="${src}" alt="${escapeHtml(alt)}"${attributes(size)}${style(size)}>`;
}

/** An SVG document of that size; its drawing is scaled. */
export function sizedSvg(svg: string, size: PictureSize): string {
  if (size.width === undefined && size.height === undefined) return svg;
  return svg.replace(/<svg\b((?:"[^"]*"|'[^']*'|[^"'>])*?)(\/?)>/, (_all, written: string, closed: string) => {
    const rest = written.replace(/\s(?:width|height)\s*=\s*(?:"[^"]*"|'[^']*')/g, "");
    return `<svg${rest}${viewBox(written)}${attributes(size)}${style(size)}${closed}>`;
  });
}

const attributes = (size: PictureSize): string =>
  Object.entries(size)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("");

/** The page's style makes pictures no wider than itself, with the height that follows. */
const style = ({ width, height }: PictureSize): string => {
  if (height === undefined) return "";
  return width === undefined ? ` style="height:${height}px;object-fit:contain"` : ` style="height:auto;aspect-ratio:${width}/${height}"`;
};

/** Without one, a drawing would be cut at its new size instead of scaled. */
function viewBox(written: string): string {
  if (/\sviewBox\s*=/.test(written)) return "";
  const length = (name: string) => new RegExp(`\\s${name}\\s*=\\s*["']\\s*([\\d.]+)(?:px)?\\s*["']`).exec(written)?.[1];
  const [width, height] = [length("width"), length("height")];
  return width === undefined || height === undefined ? "" : ` viewBox="0 0 ${width} ${height}"`;
}
