/** @file Light or dark: as the browser prefers, until the reader chooses. */
const KEY = "veduta-docs-scheme";
type Scheme = "light" | "dark";

/** Where the browser keeps no choice, as in a page from a disk with cookies off, there is none. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Takes the reader's choice. */
export function keepScheme(): void {
  const scheme = kept();
  if (scheme === "light" || scheme === "dark") document.documentElement.dataset.scheme = scheme;
}

const current = (): Scheme => {
  const { scheme } = document.documentElement.dataset;
  if (scheme === "light" || scheme === "dark") return scheme;
  return matchMedia("(prefers-color-scheme:dark)").matches ? "dark" : "light";
};

/** The header's button changes between the two. */
export function schemeButton(): void {
  document.querySelector(".scheme")?.addEventListener("click", () => {
    const next: Scheme = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.scheme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // it holds for this page
    }
  });
}
