/** @file What a viewer's parts share: the state, the picture, and containers for controls. */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import type { Camera } from "./camera.js";
import type { Renderer, Scene } from "./renderer.js";

/** Index of a panorama: 0 is the viewer's own, 1 and up are those compared with it. */
export type Which = number;

/** The 2D context that a view is drawn with. */
export type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** A part of the canvas, at its full height, that shows one panorama. Device pixels. */
export interface Pane {
  readonly which: Which;
  /** left edge and width of the panorama's view */
  readonly x: number;
  readonly width: number;
  /** left and right edge of the visible part of the view */
  readonly from: number;
  readonly to: number;
}

/** A view that was just drawn, for overlays. The pen's origin is its left edge. */
export interface Drawn {
  readonly which: Which;
  readonly pen: Pen;
  readonly camera: Camera;
  readonly state: ViewState;
  /** device pixels */
  readonly width: number;
  readonly height: number;
}

/** The direction and the panorama at a point of the page. */
export interface Seen {
  readonly which: Which;
  readonly heading: number;
  readonly pitch: number;
}

/** What a viewer's parts share. */
export interface Core {
  readonly root: HTMLElement;
  readonly spec: PanoramaSpec;
  /** the picture's alternative text, any text */
  readonly name: string;
  readonly canvas: HTMLCanvasElement;
  /** containers: small buttons in the picture's corner, controls below it, panels below those */
  readonly tools: HTMLElement;
  readonly bar: HTMLElement;
  readonly panels: HTMLElement;
  /** aborted when the viewer ends */
  readonly signal: AbortSignal;
  /** the initial state */
  begin(): ViewState;
  /** keyboard actions by `KeyboardEvent.key`, active while the picture has the focus */
  readonly keys: Map<string, () => void>;
  state(): ViewState;
  /** Changes the state. @throws RangeError */
  set(change: Partial<ViewState>): void;
  /** Draws the view in the next frame. */
  ask(): void;
  /** Finds what a point of the page shows; undefined outside the canvas and beyond a pole. */
  seen(at: { readonly clientX: number; readonly clientY: number }): Seen | undefined;
  /** Runs `then` once all parts are added. */
  onStart(then: () => void): void;
  onState(then: (state: ViewState) => void): void;
  /** Adds an overlay to each pane. */
  onDrawn(paint: (drawn: Drawn) => void): void;
  /** Runs `then` at each input of the user; automatic motion stops there. */
  onInput(then: () => void): void;
  /** Tells that the user made an input. */
  input(): void;
  /** Draws the whole view at any size. @returns the panes */
  paint(pen: Pen, width: number, height: number): readonly Pane[];
  /** the page's WebGL renderer */
  readonly renderer: Renderer;
  /** The scene of a panorama; undefined while it loads. */
  scene(which: Which, state: ViewState): Scene | undefined;
  /** Draws a view of one panorama. @returns a canvas, valid until the next call; undefined while the panorama loads */
  shot(which: Which, state: ViewState, width: number, height: number): HTMLCanvasElement | undefined;
  /** Loads a state's textures. */
  load(state: ViewState): Promise<unknown>;
  /** the decoded picture that a state shows */
  image(which: Which, state: ViewState): Promise<HTMLImageElement>;
  /** Speaks to screen readers. */
  say(text: string): void;
}

/** The automatic motion of the view. */
export interface Motion {
  /** records a drag's movement in degrees, and its time */
  felt(by: { right: number; up: number }, at: number): void;
  fling(at: number): void;
  /** stops the motion: the user pressed the picture */
  still(at: number): void;
  /** starts or stops the slow turn */
  rotate(on: "on" | "off"): void;
}
