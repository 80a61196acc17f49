/**
 * @file The script's entry: it drains the queue of figures that the page's outputs left, and takes those that come later. A figure that
 * leaves the page gives back what it held; one that comes back (notebooks move their outputs) is made live again.
 */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { takeFigures } from "./queue.js";
import { mountStrip } from "./strip.js";
import { mountPanorama, type ViewerRoot } from "./viewer.js";

const specs = new WeakMap<Element, PanoramaSpec>();
const live = new Set<ViewerRoot>();

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

if (takeFigures({ panorama: revive, strip: mountStrip }))
  new MutationObserver(attend).observe(document, { childList: true, subtree: true });
