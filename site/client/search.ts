/** @file The search: over all sections of all pages, in the page itself. The index is a script, so that it loads from a disk too. */
import MiniSearch from "minisearch";

/** address, page, heading, text, section of the sidebar */
interface Entry {
  readonly u: string;
  readonly t: string;
  readonly h: string;
  readonly x: string;
  readonly g: string;
}
interface Index {
  readonly entries: readonly Entry[];
  find(text: string): readonly Found[];
}
interface Found extends Entry {
  readonly terms: readonly string[];
}

const MOST = 20;
/** Characters of text that a result shows. */
const EXCERPT = 150;

const words = (text: string): string[] => text.split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
/** The parts of a camelCase name, so that "diffusion" finds syncDiffusion; none of another word. */
const partsOf = (word: string): string[] => {
  const parts = word.split(/(?<=[a-z])(?=[A-Z])/);
  return parts.length > 1 ? parts : [];
};

let loaded: Promise<Index> | undefined;

/** Loads the index once. @param root the site's first folder, as this page writes it */
function load(root: string): Promise<Index> {
  loaded ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${root}search-index.js`;
    script.onload = () => resolve(indexOf((globalThis as unknown as { VEDUTA_SEARCH: readonly Entry[] }).VEDUTA_SEARCH));
    script.onerror = () => reject(new Error(`${script.src} is not there`));
    document.head.append(script);
  });
  return loaded;
}

function indexOf(entries: readonly Entry[]): Index {
  const search = new MiniSearch<Entry & { id: number }>({
    fields: ["t", "h", "x"],
    tokenize: (text) => words(text).flatMap((word) => [word, ...partsOf(word)]),
    searchOptions: {
      boost: { t: 4, h: 6 },
      prefix: true,
      fuzzy: (word) => (word.length > 4 ? 0.2 : false),
      combineWith: "AND",
      tokenize: words,
    },
  });
  search.addAll(entries.map((entry, id) => ({ ...entry, id })));
  return {
    entries,
    find: (text) =>
      search
        .search(text, { boostDocument: (id) => (entries[id].g === "API reference" ? 0.7 : entries[id].h === "" ? 1.5 : 1) })
        .slice(0, MOST)
        .map(({ id, terms }) => ({ ...entries[id], terms })),
  };
}

/** Makes the dialog, and opens it by the header's button, "/" and Ctrl+K. @param root the site's first folder, as this page writes it */
export function searchDialog(root: string): void {
  const dialog = document.createElement("dialog");
  dialog.className = "search";
  dialog.setAttribute("aria-label", "Search the documentation");
  const input = Object.assign(document.createElement("input"), {
    type: "search",
    placeholder: "Search the documentation",
    autocomplete: "off",
  });
  input.setAttribute("aria-label", "Search the documentation");
  const said = Object.assign(document.createElement("p"), { className: "said" });
  said.setAttribute("role", "status");
  const list = document.createElement("ul");
  dialog.append(input, said, list);
  document.body.append(dialog);

  const open = (): void => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    load(root).then(show, (error: Error) => {
      said.textContent = error.message;
    });
  };
  const show = async (): Promise<void> => {
    const text = input.value.trim();
    const index = await load(root);
    const found = text ? index.find(text) : [];
    list.replaceChildren(...found.map((each) => itemOf(each, root)));
    said.textContent = text === "" ? "Type a word, an option or a name." : found.length === 0 ? `Nothing has "${text}".` : "";
    said.hidden = said.textContent === "";
    choose(0);
  };
  const links = (): HTMLAnchorElement[] => [...list.querySelectorAll("a")];
  const chosen = (): number => links().findIndex((link) => link.classList.contains("chosen"));
  const choose = (k: number): void => {
    const all = links();
    if (all.length === 0) return;
    const at = (k + all.length) % all.length;
    for (const [each, link] of all.entries()) link.classList.toggle("chosen", each === at);
    all[at].scrollIntoView({ block: "nearest" });
  };

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(chosen() + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter") links()[chosen()]?.click();
    else if (event.key === "Escape")
      dialog.close(); // at once: the browser's first Escape only empties the field
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.querySelector(".find")?.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    const writing = event.target instanceof Element && event.target.closest("input,textarea,select,[contenteditable],veduta-panorama");
    if ((event.key === "/" && !writing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    }
  });
}

/** One result. */
function itemOf({ u, t, h, x, g, terms }: Found, root: string): HTMLLIElement {
  const link = Object.assign(document.createElement("a"), { href: `${root}${u}` });
  const title = document.createElement("div");
  if (h) title.append(...marked(h, terms), " ", Object.assign(document.createElement("span"), { textContent: `${g} › ${t}` }));
  else title.append(...marked(t, terms), " ", Object.assign(document.createElement("span"), { textContent: g }));
  const text = document.createElement("small");
  text.append(...marked(excerpt(x, terms), terms));
  link.append(title, text);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

/** The text around the first word that was found. */
function excerpt(text: string, terms: readonly string[]): string {
  const low = text.toLowerCase();
  const places = terms.map((term) => low.indexOf(term)).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...places, text.length) - 40);
  const start = places.length > 0 && from > 0 ? text.indexOf(" ", from) + 1 : 0;
  return `${start > 0 ? "… " : ""}${text.slice(start, start + EXCERPT)}${text.length > start + EXCERPT ? " …" : ""}`;
}

/** A text with the words that were found marked. */
function marked(text: string, terms: readonly string[]): (string | HTMLElement)[] {
  if (terms.length === 0) return [text];
  const any = new RegExp(`(${terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
  return text.split(any).map((part, k) => (k % 2 === 1 ? Object.assign(document.createElement("mark"), { textContent: part }) : part));
}
