/**
 * @file The script's entry: it drains the queue of figures that the page's outputs left, and takes those that come later. A figure that
 * leaves the page gives back what it held; one that comes back (notebooks move their outputs) is made live again.
 */
import type { FigureJob, PanoramaSpec } from "../../kernel-lib/notebook/figure.js";
import { mountStrip } from "./strip.js";
import { mountPanorama, type ViewerRoot } from "./viewer.js";

interface Queue {
  readonly ready: true;
  push(...jobs: FigureJob[]): void;
}

const specs = new WeakMap<Element, PanoramaSpec>();
const live = new Set<ViewerRoot>();

function mount([id, kind, spec]: FigureJob): void {
  const root = document.getElementById(id);
  if (!root) return;
  try {
    if (kind === "panorama") revive(root, spec);
    else mountStrip(root, spec);
  } catch (error) {
    root.dataset.state = "still";
    console.warn("veduta: the still picture stays", error);
  }
}

function revive(root: ViewerRoot, spec: PanoramaSpec): void {
  root.viewer?.dispose();
  specs.set(root, spec);
  if (mountPanorama(root, spec)) live.add(root);
}

function attend(records: readonly MutationRecord[]): void {
  for (const root of live)
    if (!root.isConnected) {
      root.viewer?.dispose();
      live.delete(root);
    }
  for (const { addedNodes } of records)
    for (const node of addedNodes)
      if (node instanceof HTMLElement)
        for (const root of [node, ...node.querySelectorAll<ViewerRoot>(".veduta-panorama")] as ViewerRoot[]) {
          const spec = specs.get(root);
          if (spec && !root.viewer && root.isConnected) revive(root, spec);
        }
}

const page = globalThis as typeof globalThis & { __veduta?: FigureJob[] | Queue };
const waiting = page.__veduta;
if (!waiting || Array.isArray(waiting)) {
  page.__veduta = { ready: true, push: (...jobs) => jobs.forEach(mount) };
  waiting?.forEach(mount);
  new MutationObserver(attend).observe(document, { childList: true, subtree: true });
}
