/** @file What a viewer's parts share: the state and how to change it, the picture, and places to put things. */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import type { Camera } from "./camera.js";
import type { Renderer, Scene } from "./renderer.js";
import type { ViewState } from "./state.js";

/** Which panorama: 0 the viewer's own, 1 and so on those that it is compared with. */
export type Which = number;

export type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** A piece of the canvas, as high as it, that shows one panorama. Device pixels. */
export interface Pane {
  readonly which: Which;
  /** the view: its left edge and its width */
  readonly x: number;
  readonly width: number;
  /** what is seen of it: left and right edge */
  readonly from: number;
  readonly to: number;
}

/** A view as it was just drawn, for what is drawn over it; the pen begins at its left edge. */
export interface Drawn {
  readonly which: Which;
  readonly pen: Pen;
  readonly camera: Camera;
  readonly state: ViewState;
  /** device pixels */
  readonly width: number;
  readonly height: number;
}

export interface Seen {
  readonly which: Which;
  readonly heading: number;
  readonly pitch: number;
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
  /** What a point of the page shows, degrees; undefined beside the canvas and beyond a pole. */
  seen(at: { readonly clientX: number; readonly clientY: number }): Seen | undefined;
  /** Runs once all parts are in. */
  onStart(then: () => void): void;
  onState(then: (state: ViewState) => void): void;
  /** Draws over each pane. */
  onDrawn(paint: (drawn: Drawn) => void): void;
  /** Stops what moves by itself; called by every hand on the viewer. */
  onHand(then: () => void): void;
  hand(): void;
  /** Draws all that is on screen, at any size. @returns the panes */
  paint(pen: Pen, width: number, height: number): readonly Pane[];
  /** the page's graphics */
  readonly renderer: Renderer;
  /** What a panorama's view is drawn of; undefined while it loads. */
  scene(which: Which, state: ViewState): Scene | undefined;
  /** Draws a view of one panorama. @returns undefined while it loads; else a canvas whose content lasts until the next call */
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
