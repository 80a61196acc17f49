/**
 * @file The entry of the viewer's script: it mounts the figures in the page's queue, and later ones as they come. A figure that leaves the page
 * frees its resources; one that returns (notebooks move their outputs) is mounted again. The script also defines `<veduta-panorama>`.
 */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { defineElement } from "./element.js";
import type { ViewerRoot } from "./page-viewer.js";
import { takeFigures } from "./queue.js";
import { mountStrip } from "./strip.js";
import { mountPanorama } from "./viewer.js";

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

if (takeFigures({ panorama: revive, strip: mountStrip })) {
  new MutationObserver(attend).observe(document, { childList: true, subtree: true });
  defineElement(revive);
}
