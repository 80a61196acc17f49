/** @file Whether a page is light or dark at a figure. Notebooks have their own themes, independent of the system's. */

/** A page's colour scheme. */
export type Scheme = "light" | "dark";

/** Finds the scheme at an element by the colour of its text: light text means a dark page. */
export function schemeAt(element: Element): Scheme {
  const [r, g, b] = (getComputedStyle(element).color.match(/[\d.]+/g) ?? []).map(Number);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 140 ? "dark" : "light";
}

/** Calls `changed` when the scheme may have changed: by the system, or by a theme's attributes or style sheets. @param signal ends that */
export function onScheme(changed: () => void, signal?: AbortSignal): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
  const themed = new MutationObserver(changed);
  signal?.addEventListener("abort", () => themed.disconnect());
  for (const element of [document.documentElement, document.body])
    if (element)
      themed.observe(element, {
        attributes: true,
        attributeFilter: ["class", "style", "data-theme", "data-jp-theme-light", "data-jp-theme-name"],
      });
  document.head.addEventListener("load", changed, { capture: true, signal }); // a theme's style sheet that arrives later
}
