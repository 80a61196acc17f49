/** @file A viewer, as the other scripts of its page see it. */
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";

/** A viewer, as scripts use it. */
export interface Viewer {
  /** A copy of the state. To change it, assign a whole or partial state, or one of its properties. @throws RangeError */
  get state(): ViewState;
  set state(change: Partial<ViewState>);
  /** Resolves when the state is drawn. */
  settled(): Promise<void>;
  /** The view as a PNG of any size. @throws RangeError */
  screenshot(size: { readonly width: number; readonly height: number }): Promise<Blob>;
  /** The source's pixels under the view, as a PNG. */
  crop(): Promise<Blob>;
  /** Frees the viewer's resources; the still picture remains. */
  dispose(): void;
}

/** The root element of a viewer. */
export interface ViewerRoot extends HTMLElement {
  viewer?: Viewer;
}

/** The event on the root after each drawing. */
export const DRAWN = "veduta:drawn";
