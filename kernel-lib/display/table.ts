/** @file Shows small tables of numbers. */

import { short } from "../core/words.js";
import { escapeHtml } from "../pages/html.js";
import { type Displayable, displayable } from "./display.js";

/** The content of a cell; null and undefined stay empty. */
export type TableCell = string | number | boolean | null | undefined;

/** Options of `table`. */
export interface TableOptions {
  /** columns to show, in this order; default all columns of the rows, in order of appearance */
  readonly columns?: readonly string[];
  /** above the table; any text */
  readonly title?: string;
}

/**
 * Shows rows as a table. Numbers have three significant digits; whole numbers have all digits. A column of numbers, or of nothing but texts
 * that are numbers, such as "0.30" and "5 %", is right-aligned. All text is escaped.
 * @throws RangeError for no columns, or a column that no row has
 */
export function table(rows: readonly Readonly<Record<string, TableCell>>[], { columns, title }: TableOptions = {}): Displayable {
  const known = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const names = columns ?? known;
  if (names.length === 0) throw new RangeError("table: got no columns, want at least one; give rows such as { w: 20, loss: 0.1 }");
  const strange = rows.length > 0 ? names.find((name) => !known.includes(name)) : undefined;
  if (strange !== undefined) throw new RangeError(`table: got column "${strange}", want some of ${known.join(", ")}`);
  const cells = rows.map((row) => names.map((name) => cellText(row[name])));
  const right = names.map((name, k) => rows.some((row) => typeof row[name] === "number") || areNumbers(cells.map((texts) => texts[k])));
  return displayable(async () => ({ "text/html": html(names, cells, right, title), "text/plain": plain(names, cells, right, title) }));
}

const cellText = (cell: TableCell): string => {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "number" && Number.isFinite(cell) && !Number.isInteger(cell) ? short(cell) : String(cell);
};

/** Whether a column's texts, some of which may be empty, are written as numbers. */
function areNumbers(texts: readonly string[]): boolean {
  const filled = texts.filter((text) => text !== "");
  return filled.length > 0 && filled.every((text) => /^[-−+]?\d+(\.\d+)?(e[-+]?\d+)?( ?%)?$/i.test(text));
}

type Cells = readonly (readonly string[])[];

function html(names: readonly string[], cells: Cells, right: readonly boolean[], title: string | undefined): string {
  // Grey borders are visible on light and dark pages.
  const cell = (tag: "th" | "td", text: string, k: number) => {
    const side = right[k] ? "right" : "left";
    const line = `border-top:1px solid rgb(128 128 128/${tag === "th" ? 0 : 0.35})`;
    return `<${tag} align="${side}" style="padding:4px 14px;text-align:${side};background:none;border:0;${line}">${escapeHtml(text)}</${tag}>`;
  };
  const line = (tag: "th" | "td", texts: readonly string[]) =>
    `<tr style="background:none">${texts.map((text, k) => cell(tag, text, k)).join("")}</tr>`;
  const caption =
    title === undefined
      ? ""
      : `<caption style="caption-side:top;padding:0 14px 4px;text-align:left;color:inherit"><b>${escapeHtml(title)}</b></caption>`;
  return `<table style="border-collapse:collapse;margin:0 0 8px;font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;color:inherit">${caption}<thead>${line("th", names)}</thead><tbody>${cells.map((texts) => line("td", texts)).join("")}</tbody></table>`;
}

function plain(names: readonly string[], cells: Cells, right: readonly boolean[], title: string | undefined): string {
  const widths = names.map((name, k) => Math.max(...[name, ...cells.map((texts) => texts[k])].map((text) => text.length)));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, k) => (right[k] ? text.padStart(widths[k]) : text.padEnd(widths[k])))
      .join("  ")
      .trimEnd();
  return [...(title === undefined ? [] : [title]), line(names), line(widths.map((width) => "─".repeat(width))), ...cells.map(line)].join(
    "\n",
  );
}
