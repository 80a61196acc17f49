/**
 * @file `<veduta-panorama src="…">`, the viewer as an element of any page. It works with a strict content policy: it needs no inline style and fetches
 * nothing but its pictures, and, where neither attributes nor a 2:1 shape tell what a picture covers, its file once more, to read its tags.
 */
import type { OtherPicture, PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import type { Coverage } from "../../kernel-lib/panorama/coverage.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import { make } from "./dom.js";
import { type Covered, likelyCoverage, type Said } from "./open/file-coverage.js";
import type { Viewer, ViewerRoot } from "./page-viewer.js";
import { picture } from "./pictures.js";
import { TEXTS } from "./texts.js";

/** The element's attributes. */
const ATTRIBUTES = ["src", "alt", "label", "caption", "compare", "compare-label", "haov", "vaov", "projection", "state"] as const;
type Attribute = (typeof ATTRIBUTES)[number];

/** Shows a panorama in a root, or shows it again. */
type Show = (root: ViewerRoot, spec: PanoramaSpec) => void;

/** Defines the element, once per page. @param show mounts a viewer; the page frees it when the element leaves */
export function defineElement(show: Show): void {
  if (!customElements.get("veduta-panorama")) customElements.define("veduta-panorama", elementOf(show));
}

const elementOf = (show: Show) =>
  class extends HTMLElement {
    static readonly observedAttributes = ATTRIBUTES;
    /** counts the changes: only the last is shown */
    #turn = 0;

    /** The viewer; undefined until it shows its first picture. */
    get viewer(): Viewer | undefined {
      return this.querySelector<ViewerRoot>(".veduta-panorama")?.viewer;
    }

    connectedCallback(): void {
      this.#refresh();
    }

    attributeChangedCallback(): void {
      if (this.isConnected) this.#refresh();
    }

    #refresh(): void {
      const turn = ++this.#turn;
      queueMicrotask(async () => {
        if (turn !== this.#turn || !this.isConnected) return; // several attributes change at once
        const src = this.#said("src");
        if (src === undefined) return this.replaceChildren();
        const alt = this.#said("alt") ?? nameOf(src);
        const root: ViewerRoot = make("div", { className: "veduta-panorama" }, make("img", { src, alt }));
        this.style.display ||= "block";
        this.replaceChildren(root);
        try {
          const spec = await this.#spec(src);
          if (turn === this.#turn && this.isConnected) show(root, spec);
        } catch (error) {
          root.dataset.state = "still";
          root.title = TEXTS.failed;
          this.dispatchEvent(new CustomEvent("veduta:error", { bubbles: true, detail: error }));
        }
      });
    }

    #said(name: Attribute): string | undefined {
      return this.getAttribute(name) ?? undefined;
    }

    async #spec(src: string): Promise<PanoramaSpec> {
      const { coverage, known } = await this.#covered(src);
      if (known === "guess") console.warn(`veduta-panorama: ${nameOf(src)}: nothing tells what it covers; say it with haov="degrees"`);
      const compared = this.#said("compare");
      const others: readonly OtherPicture[] | undefined =
        compared === undefined
          ? undefined
          : [{ src: compared, label: this.#said("compare-label") ?? nameOf(compared), coverage: (await this.#covered(compared)).coverage }];
      const state = JSON.parse(this.#said("state") ?? "{}") as Partial<ViewState>;
      return {
        coverage,
        label: this.#said("label") ?? nameOf(src),
        caption: this.#said("caption"),
        others,
        state: { ...(others ? { compare: "swipe" } : {}), ...state },
      };
    }

    async #covered(src: string): Promise<Covered & { readonly known: "known" | "guess" }> {
      const { naturalWidth: width, naturalHeight: height } = await picture(src);
      const said: Said = {
        haov: Number(this.#said("haov") ?? Number.NaN),
        vaov: Number(this.#said("vaov") ?? Number.NaN),
        projection: this.#said("projection") as Coverage["projection"] | undefined,
      };
      const file = { name: nameOf(src), text: "", width, height };
      const found = likelyCoverage(file, said);
      return found.known === "known" ? found : likelyCoverage({ ...file, text: await textOf(src) }, said);
    }
  };

/** A picture's file as text, in which its tags can be found; empty where the page may not read it. */
const textOf = async (src: string): Promise<string> => {
  if (location.protocol === "file:" && !src.startsWith("data:")) return "";
  return fetch(src).then(
    async (answer) => new TextDecoder("latin1").decode(await answer.arrayBuffer()),
    () => "",
  );
};

/** The last part of an address. */
const nameOf = (src: string): string =>
  src.startsWith("data:") ? "Panorama" : decodeURIComponent(src.replace(/[?#].*$/, "").replace(/^.*\//, ""));
