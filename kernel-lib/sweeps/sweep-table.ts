/** @file A sweep as CSV: one row a run, for spreadsheets and data frames. */
import type { Measured } from "../runs/measure/measure-folders.js";
import { inWords, type SweepRow } from "./sweep-rows.js";

/** The columns of a run that is there, beside its options and numbers. */
const MADE = ["width", "height", "steps", "seconds", "device", "precision", "version"] as const;

/**
 * One row a run: key, state, method, options, size, seconds, device, the numbers of its last step, and what was measured. The first row names the
 * columns.
 */
export function sweepCsv(rows: readonly SweepRow[], measured?: Measured): string {
  const options = namesOf(rows.map(({ run }) => run.options));
  const numbers = namesOf(rows.map(({ made }) => made?.numbers ?? {}));
  const values = new Map(measured?.folders.flatMap(({ pictures }) => pictures.map(({ file, values }) => [file, values] as const)) ?? []);
  const metrics = namesOf([...values.values()]);
  const size: readonly string[] = MADE.filter((name) => !options.includes(name)); // an option's column says it already
  const head = ["key", "state", "method", ...options, ...size, ...numbers.map((name) => `last ${name}`), ...metrics, "error"];
  const lines = rows.map(({ run, state, made, failed }) => {
    const of = made && values.get(made.picture);
    return [
      run.key,
      state,
      run.method,
      ...options.map((name) => run.options[name]),
      ...size.map((name) => made?.[name as (typeof MADE)[number]]),
      ...numbers.map((name) => made?.numbers[name]),
      ...metrics.map((name) => of?.[name]),
      failed && `${failed.name}: ${failed.message}`,
    ];
  });
  return `${[head, ...lines].map((line) => line.map(csvCell).join(",")).join("\n")}\n`;
}

const namesOf = (objects: readonly object[]): readonly string[] => [...new Set(objects.flatMap((each) => Object.keys(each)))];

/** A cell. A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection). */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  const text = inWords(value);
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
