/** @file What the benchmarks report, as a table. */

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {number} value
 * @property {string} unit
 * @property {number} [bound] that the value must not exceed; without one the row informs
 * @property {number} [aim] that it would better not
 * @property {string} [note]
 */

/** @param {Row} row @returns {"ok" | "MISSED" | ""} */
export const verdict = ({ value, bound }) => (bound === undefined ? "" : value <= bound ? "ok" : "MISSED");

/** @param {readonly Row[]} rows */
export function printTable(rows) {
  const cells = rows.map((row) => [row.what, measured(row), limit(row), verdict(row), row.note ?? ""]);
  const table = [["", "measured", "at most", "", ""], ...cells];
  const widths = table[0].map((_, k) => Math.max(...table.map((line) => line[k].length)));
  for (const line of table)
    console.log(
      line
        .map((cell, k) => (k === 1 || k === 2 ? cell.padStart(widths[k]) : cell.padEnd(widths[k])))
        .join("  ")
        .trimEnd(),
    );
}

/** @param {Row} row */
const measured = ({ value, unit }) => {
  const small = value !== 0 && Math.abs(value) < 0.01;
  return `${small ? value.toExponential(1) : value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)} ${unit}`;
};

/** @param {Row} row */
const limit = ({ bound, aim, unit }) => (bound === undefined ? "" : `${bound} ${unit}${aim === undefined ? "" : `, aim ${aim}`}`);
