/** @file The flat panorama above the window map. It shows the panorama's picture and frames what is in view; a click turns the viewer there. */
import type { StripSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { horizontalFov } from "../../kernel-lib/panorama/projections.js";
import { DRAWN, type ViewerRoot } from "./page-viewer.js";

/** Connects a root `[data-strip]` (with an empty `<img>`, and elements with `data-heading`) to its viewer. */
export function mountStrip(root: HTMLElement, { viewer: id, coverage }: StripSpec): void {
  const stageRoot = document.getElementById(id) as ViewerRoot | null;
  const still = stageRoot?.querySelector("img");
  const copy = root.querySelector<HTMLImageElement>("img[data-copy]");
  if (!stageRoot || !still || !copy) return;
  copy.src = still.src; // the same picture, shown twice
  copy.hidden = false;
  const frames = [0, 1].map(() => {
    const frame = document.createElement("div");
    frame.className = "veduta-frame";
    copy.parentElement?.append(frame);
    return frame;
  });
  const follow = () => {
    const canvas = stageRoot.querySelector("canvas");
    const viewer = stageRoot.viewer;
    if (!viewer || !canvas) return;
    const { heading, fov, projection } = viewer.state;
    const wide = Math.min(coverage.horizontal, horizontalFov(projection, fov, canvas.clientWidth / Math.max(1, canvas.clientHeight)));
    const left = (heading - wide / 2) / coverage.horizontal + 0.5;
    const width = wide / coverage.horizontal;
    // A frame across the cut of a closed panorama is drawn at both ends.
    const again = coverage.edge === "wrap" ? left + (left < 0 ? 1 : -1) : 2;
    for (const [frame, at] of [
      [frames[0], left],
      [frames[1], again],
    ] as const) {
      const [from, to] = [Math.max(0, at), Math.min(1, at + width)];
      frame.hidden = to <= from;
      frame.style.left = `${from * 100}%`;
      frame.style.width = `${(to - from) * 100}%`;
    }
  };
  stageRoot.addEventListener(DRAWN, follow);
  follow();
  root.addEventListener("click", (event) => {
    const { viewer } = stageRoot;
    if (!viewer) return;
    const target = event.target instanceof Element ? event.target.closest("[data-heading]") : null;
    const box = copy.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width - 0.5) * coverage.horizontal;
    if (target) viewer.state = { heading: Number(target.getAttribute("data-heading")), pitch: 0 };
    else if (event.target === copy) viewer.state = { heading: across, pitch: 0 };
  });
}
