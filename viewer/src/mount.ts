/** @file The script's entry: it drains the queue of figures that the page's outputs left, and takes those that come later. */
import type { FigureJob } from "../../kernel-lib/notebook/figure.js";
import { mountStrip } from "./strip.js";
import { mountPanorama, type ViewerRoot } from "./viewer.js";

interface Queue {
  readonly ready: true;
  push(...jobs: FigureJob[]): void;
}

function mount([id, kind, spec]: FigureJob): void {
  const root = document.getElementById(id);
  if (!root) return;
  try {
    if (kind === "panorama") {
      (root as ViewerRoot).viewer?.dispose();
      mountPanorama(root, spec);
    } else mountStrip(root, spec);
  } catch (error) {
    root.dataset.state = "still";
    console.warn("veduta: the still picture stays", error);
  }
}

const page = globalThis as typeof globalThis & { __veduta?: FigureJob[] | Queue };
const waiting = page.__veduta;
if (!waiting || Array.isArray(waiting)) {
  page.__veduta = { ready: true, push: (...jobs) => jobs.forEach(mount) };
  waiting?.forEach(mount);
}
