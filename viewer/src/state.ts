/** @file A figure's state towards the page's other scripts: a copy whose setters work, and the event of each change. */
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";

/** The event on a figure's root after each change of its state, and once it is live. It bubbles; what shares the state with a notebook hears it. */
export const STATE_EVENT = "veduta:state";

/** Sends the event. */
export const tellState = (root: HTMLElement): void => void root.dispatchEvent(new CustomEvent(STATE_EVENT, { bubbles: true }));

/** A copy of the state whose setters change the viewer: `viewer.state.heading = 30` works like `viewer.state = { heading: 30 }`. */
export function snapshot(state: ViewState, set: (change: Partial<ViewState>) => void): ViewState {
  const taken = {} as ViewState;
  for (const key of Object.keys(state) as (keyof ViewState)[])
    Object.defineProperty(taken, key, { enumerable: true, get: () => state[key], set: (value) => set({ [key]: value }) });
  return Object.seal(taken);
}

/** Whether two states look elsewhere. */
export const turned = (a: ViewState, b: ViewState): boolean =>
  (["heading", "pitch", "roll", "fov"] as const).some((key) => a[key] !== b[key]);
