/**
 * @file The viewer as an anywidget (https://anywidget.dev, AFM), for notebooks of other languages: dist/viewer/veduta-anywidget.js is one ES module without
 * loader or network access. Its model has `src`, the panorama's data: URL; `alt`, its description; `spec`, a PanoramaSpec; and `state`, a part of the
 * viewer's state, which both sides share. All widgets of a page share one renderer, also with figures of Veduta's own notebooks.
 */
import "./mount.js";
import type { AnyWidget, Render } from "@anywidget/types";
import type { FigureJob, PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import type { ViewerRoot } from "./page-viewer.js";
import { STATE_EVENT } from "./state.js";

/** What the notebook and the page share. */
type Shared = {
  /** the panorama's data: URL */
  readonly src: string;
  /** its description, any text */
  readonly alt?: string;
  readonly spec: PanoramaSpec;
  state: Partial<ViewState>;
};

/** The page's queue, which this module or an earlier script has made. */
const page = globalThis as typeof globalThis & { readonly __veduta: { push(job: FigureJob): void } };
/** Milliseconds between two messages to the notebook. */
const APART = 100;

const render: Render<Shared> = ({ model, el }) => {
  const root: ViewerRoot = document.createElement("div");
  root.id = `veduta-widget-${crypto.randomUUID()}`;
  root.className = "veduta-panorama";
  const still = document.createElement("img");
  still.src = model.get("src");
  still.alt = model.get("alt") ?? "Panorama";
  root.append(still);
  el.append(root);

  const same = () => JSON.stringify(root.viewer?.state) === JSON.stringify(model.get("state"));
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      if (!root.viewer || same()) return;
      model.set("state", { ...root.viewer.state });
      model.save_changes();
    }, APART);
  };
  const follow = () => {
    if (!root.viewer || same()) return;
    try {
      root.viewer.state = model.get("state") as ViewState; // a part is enough
    } catch (error) {
      console.warn("veduta: the viewer does not take this state", error);
    }
  };
  let asked: number | undefined;
  const mount = () => {
    if (root.isConnected) {
      const spec = { ...model.get("spec"), state: model.get("state") };
      return page.__veduta.push([root.id, "panorama", spec]);
    }
    asked = requestAnimationFrame(mount); // a notebook draws a view first, and then attaches it
  };
  root.addEventListener(STATE_EVENT, tell);
  model.on("change:state", follow);
  mount();
  return () => {
    clearTimeout(waiting);
    if (asked !== undefined) cancelAnimationFrame(asked);
    model.off("change:state", follow);
    root.remove(); // frees what the viewer holds
  };
};

/** The widget of a page: draws a view of a model into an element, and returns what ends it. */
const panorama: AnyWidget<Shared> = { render };
export default panorama;
