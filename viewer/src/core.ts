/** @file What a viewer's parts share: the state and how to change it, the picture, and places to put things. */
import type { PanoramaSpec } from "../../kernel-lib/notebook/figure.js";
import type { Camera } from "./camera.js";
import type { ViewState } from "./state.js";

/** The picture itself, or the one it is compared with. */
export type Which = "a" | "b";

/** The view as it was just drawn, for what is drawn over it. */
export interface Drawn {
  readonly pen: CanvasRenderingContext2D;
  readonly camera: Camera;
  readonly state: ViewState;
  /** device pixels */
  readonly width: number;
  readonly height: number;
}

export interface Core {
  readonly root: HTMLElement;
  readonly spec: PanoramaSpec;
  /** what the picture shows, any text */
  readonly name: string;
  readonly canvas: HTMLCanvasElement;
  /** small buttons in the picture's corner, controls below it, and panels below those */
  readonly tools: HTMLElement;
  readonly bar: HTMLElement;
  readonly panels: HTMLElement;
  /** ends with the viewer */
  readonly signal: AbortSignal;
  /** the state at the start */
  readonly begin: ViewState;
  /** actions of the keyboard by `KeyboardEvent.key`, while the picture has the focus */
  readonly keys: Map<string, () => void>;
  state(): ViewState;
  /** @throws RangeError */
  set(change: Partial<ViewState>): void;
  /** Has the view drawn with the next frame. */
  ask(): void;
  /** the camera of the state */
  camera(): Camera;
  /** Runs once all parts are in. */
  onStart(then: () => void): void;
  onState(then: (state: ViewState) => void): void;
  /** Draws over each view. */
  onDrawn(paint: (drawn: Drawn) => void): void;
  /** Stops what moves by itself; called by every hand on the viewer. */
  onHand(then: () => void): void;
  hand(): void;
  /** Draws a view of one picture. @returns undefined while it loads; else a canvas whose content lasts until the next call */
  shot(which: Which, state: ViewState, width: number, height: number): HTMLCanvasElement | undefined;
  /** Has a state's textures loaded. */
  load(state: ViewState): Promise<unknown>;
  /** the decoded picture that a state shows */
  image(which: Which, state: ViewState): Promise<HTMLImageElement>;
  /** Speaks to screen readers. */
  say(text: string): void;
}

/** What moves by itself. */
export interface Motion {
  /** a hand's move, in degrees, and when it was felt */
  felt(by: { right: number; up: number }, at: number): void;
  fling(at: number): void;
  /** a hand has come */
  still(at: number): void;
  /** turns slowly by itself, or no more */
  rotate(on: "on" | "off"): void;
}
