/** @file A model card, README.md of a repository: its licence and its first words. */

/** What is taken of a card. */
export interface ModelCard {
  readonly licence?: string;
  /** its first paragraphs, as plain text */
  readonly words: string;
}

/** Characters of the words, about. */
const MOST = 700;

/** Reads a card. Its front matter, pictures, HTML and code are left out. */
export function modelCard(text: string): ModelCard {
  const [, matter = "", rest = text] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(text) ?? [];
  const entry = (key: string) => new RegExp(`^${key}:[ \\t]*["']?([\\w.+-]+)`, "m").exec(matter)?.[1];
  const licence = entry("license_name") ?? entry("license");
  const paragraphs = rest
    .replace(/```[\s\S]*?(```|$)/g, "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<[^>\n]*>/g, "")
    .replace(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^#.*$/gm, "$&\n\n") // a heading is a paragraph of its own
    .split(/\r?\n\s*\r?\n/)
    .map((paragraph) =>
      paragraph
        .replace(/^#+\s*/gm, "")
        .replace(/[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter((paragraph) => /\p{L}/u.test(paragraph) && !/^\|/.test(paragraph));
  let words = "";
  for (const paragraph of paragraphs) {
    if (words !== "" && words.length + paragraph.length > MOST) break;
    words += `${words === "" ? "" : "\n"}${paragraph.length > MOST ? `${paragraph.slice(0, MOST)}…` : paragraph}`;
  }
  return { ...(licence !== undefined && { licence }), words };
}
