/**
 * @file The tables of options in docs/, made from the methods' option tables. `node scripts/option-tables.mjs` writes them; a test compares what is
 * written with what would be.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { methodFlags } from "#kernel-lib/cli/method-flags.js";
import { allMethods } from "#kernel-lib/methods/methods.js";
import { defaultInWords, flagName } from "#kernel-lib/methods/option-table.js";
import { ROOT } from "./paths.mjs";

/** @param {readonly string[]} cells */
const row = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
const table = (head, rows) => [row(head), `|${"---|".repeat(head.length)}`, ...rows.map(row)].join("\n");

/** What each marker in docs/ stands for. @type {Record<string, () => string>} */
export const TABLES = {
  paint: () => {
    const flags = [...methodFlags(allMethods())].map(([flag, { spec, methods }]) => {
      const value = spec.flag?.value === undefined ? "" : ` ${spec.flag.value.toUpperCase()}`;
      const whose = methods ? `${methods.map(({ name }) => `\`${name}\``).join(", ")}: ` : "";
      return [`\`${flag}${value}\``, `${whose}${spec.means}`, defaultInWords(spec) ?? ""];
    });
    const names = allMethods().map(({ name }) => `\`${name}\``);
    return table(
      ["option", "meaning", "default"],
      [["`--method NAME`", `one of ${names.join(", ")}: [Methods](methods.md)`, "`sync`"], ...flags],
    );
  },
  methods: () =>
    allMethods()
      .map(({ name, title, summary, source, options }) => {
        const rows = Object.entries(options).map(([key, spec]) => [
          `\`${key}\``,
          flagName(key, spec) ? `\`${flagName(key, spec)}\`` : "",
          spec.means,
          defaultInWords(spec) ?? "",
        ]);
        const own = rows.length > 0 ? `\n\n${table(["option", "flag", "meaning", "default"], rows)}` : "\n\nIt has no options of its own.";
        return `## ${title}: \`${name}\`\n\n${summary[0].toUpperCase()}${summary.slice(1)}. Source: ${source}.${own}`;
      })
      .join("\n\n"),
};

/** A page with each table in its place. @param {string} text */
export const withTables = (text) =>
  text.replace(/<!-- options: (\w+) -->[\s\S]*?<!-- end -->/g, (_, name) => `<!-- options: ${name} -->\n${TABLES[name]()}\n<!-- end -->`);

export const PAGES = ["docs/command-line.md", "docs/methods.md"].map((name) => join(ROOT, name));

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const page of PAGES) writeFileSync(page, withTables(readFileSync(page, "utf8")));
