/**
 * @file Figures of a plain script: numbered files, and a page index.html that shows all of them live. The pages link the libraries, which are
 * copied beside them, so the folder is self-contained.
 */
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { MimeBundle } from "../core/host.js";
import { writeWhole } from "../core/write-whole.js";
import { type LibraryName, libraryFile, libraryText } from "../pages/display-library.js";
import { escapeHtml, html, trusted } from "../pages/html.js";
import { pageShell } from "../pages/page-shell.js";
import type { ShowOptions, Sink } from "./display-sinks.js";
import type { Out } from "./progress.js";

/** Options of `filesSink`. */
export interface FilesOptions {
  /** default: the environment variable VEDUTA_OUT, else veduta-out/figures */
  readonly folder?: string;
  /** where the names of the files are printed; default standard output */
  readonly out?: Out;
}

/** One figure of the page. */
interface Entry {
  readonly names: readonly string[];
  readonly caption: string;
  readonly html: string;
}

/** File endings of a bundle's pictures. Its HTML becomes a page. */
const PICTURES = { "image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg" } as const;

/** A sink that writes figures to a folder. */
export function filesSink(options: FilesOptions = {}): Sink {
  const { out = process.stdout } = options;
  const folder = options.folder ?? process.env.VEDUTA_OUT ?? join("veduta-out", "figures");
  const entries = new Map<string, Entry>();
  const libraries = new Set<LibraryName>();

  const figure = async (bundle: MimeBundle, id: string, number: number, needs: readonly LibraryName[]): Promise<Entry> => {
    const name = String(number).padStart(3, "0");
    const caption = textOf(bundle["text/plain"]) || name;
    const names: string[] = [];
    const keep = async (ending: string, content: string | Uint8Array) => {
      await writeWhole(join(folder, `${name}.${ending}`), content);
      names.push(`${name}.${ending}`);
    };
    for (const [type, ending] of Object.entries(PICTURES)) {
      const data = bundle[type];
      if (data !== undefined) await keep(ending, ending === "svg" ? textOf(data) : Buffer.from(textOf(data), "base64"));
    }
    const html = textOf(bundle["text/html"]) || (names.length > 0 ? `<img src="${names[0]}" alt="${escapeHtml(caption)}">` : "");
    const entry = { names, caption, html };
    if (bundle["text/html"] !== undefined) await keep("html", page(caption, html, needs));
    entries.set(id, entry);
    return entry;
  };

  return {
    name: "files",
    lines: out,
    async show(bundle: MimeBundle, { id, update = false, needs = [] }: ShowOptions) {
      const caption = textOf(bundle["text/plain"]);
      const words = Object.keys(bundle).every((type) => type === "text/plain");
      if (words) return void out.write(`${caption}\n`);
      const known = id !== undefined && update ? [...entries.keys()].indexOf(id) : -1;
      const number = known >= 0 ? known + 1 : entries.size + 1;
      if (number === 1 && known < 0) await removeEarlier(folder);
      for (const name of needs)
        if (!libraries.has(name)) {
          await writeWhole(join(folder, libraryFile(name)), libraryText(name));
          libraries.add(name);
        }
      const { names } = await figure(bundle, id ?? `figure ${number}`, number, needs);
      await writeWhole(join(folder, "index.html"), index([...entries.values()], [...libraries]));
      out.write(`${caption}${caption.includes("\n") ? "\n" : "  "}${join(folder, names[names.length - 1])}\n`);
      if (number === 1 && known < 0) out.write(`all figures: ${join(folder, "index.html")}\n`);
    },
  };
}

/** A form's text; notebooks also allow a list of lines. */
const textOf = (form: unknown): string => (Array.isArray(form) ? form.join("") : form === undefined ? "" : String(form));

const LOOK =
  ":root{color-scheme:light dark}body{margin:0 auto;max-width:1120px;padding:24px clamp(12px,3vw,40px);font:16px/1.5 system-ui,sans-serif}figure{margin:0 0 40px}figcaption{margin:8px 0 0;font-size:14px;opacity:.75;white-space:pre-wrap}img{max-width:100%}a{color:inherit}";

const page = (title: string, body: string, libraries: readonly LibraryName[]): string =>
  pageShell({
    title,
    style: LOOK,
    policy: "open",
    body: trusted(body),
    scripts: libraries.map((name) => html`<script src="${libraryFile(name)}"></script>`),
  });

function index(entries: readonly Entry[], libraries: readonly LibraryName[]): string {
  const figures = entries.map(({ names, caption, html: figure }) => {
    const links = names.map((name) => `<a href="${name}">${name}</a>`).join(", ");
    return `<figure>\n${figure}\n<figcaption>${escapeHtml(caption)} (${links})</figcaption>\n</figure>`;
  });
  return page("Figures", `<!-- ${FILES} ${entries.flatMap(({ names }) => names).join(" ")} -->\n${figures.join("\n")}`, libraries);
}

const FILES = "files of this page:";

/** Deletes an earlier run's figures: the files that its page lists, and no others. */
async function removeEarlier(folder: string): Promise<void> {
  const text = await readFile(join(folder, "index.html"), "utf8").catch(() => "");
  const names = new RegExp(`<!-- ${FILES} ([^>]*) -->`).exec(text)?.[1].split(" ") ?? [];
  for (const name of names) if (/^\d{3,}\.\w+$/.test(name)) await rm(join(folder, basename(name)), { force: true });
}
