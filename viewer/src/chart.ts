/** @file A small chart with axes: numbers at both ends, their meaning in a caption. */
import { make } from "./dom.js";
import { TEXTS } from "./texts.js";

const [WIDE, HIGH] = [300, 84];
/** Room in the drawing for the numbers at the left and below. */
const [BESIDE, BELOW] = [40, 20];

/** What a chart shows. */
export interface ChartParts {
  /** what it is, for screen readers */
  readonly name: string;
  /** one line above it, which says what its heights are */
  readonly caption: string;
  /** the largest value */
  readonly most: number;
  /** labels below: at the left, in the middle and at the right */
  readonly across: readonly [string, string, string];
  /** SVG of its content. @param y the height of a value */
  readonly content: (y: (value: number) => number, wide: number, high: number) => string;
}

/** Draws a chart whose axis begins at 0. Its labels are this file's own, or numbers: it takes no text of others. */
export function chart({ name, caption, most, across, content }: ChartParts): HTMLElement {
  const top = rounded(most);
  const figure = make("figure", { className: "veduta-chart" }, make("figcaption", {}, caption));
  const y = (value: number) => HIGH - (value / top) * HIGH;
  const mark = (value: number) => `<text x="-6" y="${y(value) + 4}" text-anchor="end">${TEXTS.digits(value)}</text>`;
  const [left, middle, right] = across;
  figure.insertAdjacentHTML(
    "beforeend",
    `<svg viewBox="${-BESIDE} -8 ${WIDE + BESIDE + 8} ${HIGH + BELOW + 10}" role="img" aria-label="${name}">${mark(0)}${mark(top / 2)}${mark(top)}<line x1="0" y1="0" x2="0" y2="${HIGH}"/><line x1="0" y1="${HIGH}" x2="${WIDE}" y2="${HIGH}"/>${content(y, WIDE, HIGH)}<text x="0" y="${HIGH + 16}">${left}</text><text x="${WIDE / 2}" y="${HIGH + 16}" text-anchor="middle">${middle}</text><text x="${WIDE}" y="${HIGH + 16}" text-anchor="end">${right}</text></svg>`,
  );
  return figure;
}

/** The next of 1, 2, 5 times a power of ten. */
function rounded(most: number): number {
  const ten = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5].find((times) => times * ten >= most * (1 - 1e-9)) ?? 10) * ten;
}
