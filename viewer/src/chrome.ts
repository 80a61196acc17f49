/** @file The viewer's elements: the canvas, tools in its corner, a note of the current direction, and controls below. */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { projections } from "../../kernel-lib/panorama/projections.js";
import type { ViewState } from "../../kernel-lib/panorama/view-state.js";
import { move, project } from "./controls.js";
import type { Core } from "./core.js";
import { choice, iconButton, make } from "./dom.js";
import { turned } from "./state.js";
import { TEXTS } from "./texts.js";

/** Milliseconds of rest after which the note disappears and screen readers hear the view. */
const REST = 1200;

/** The viewer's elements. */
export interface Chrome {
  readonly canvas: HTMLCanvasElement;
  readonly tools: HTMLElement;
  readonly bar: HTMLElement;
  readonly panels: HTMLElement;
  /** Tells a new state. @param by whether the viewer itself chose it, of which nothing is said */
  show(state: ViewState, by?: "user" | "viewer"): void;
  say(text: string): void;
  /** Shows a text once, in the note and to screen readers. */
  notice(text: string): void;
  remove(): void;
}

/** Makes the viewer's elements in its root. */
export function createChrome(root: HTMLElement, alt: string, { coverage, caption }: PanoramaSpec): Chrome {
  const canvas = make("canvas", {
    tabIndex: 0,
    role: "application",
    ariaLabel: `${alt}. ${TEXTS.covers(coverage)} ${TEXTS.keys}`,
    ariaRoleDescription: TEXTS.kind,
  });
  const note = make("div", { className: "veduta-note", ariaHidden: "true" });
  const said = make("div", { className: "veduta-said", role: "status" });
  const tools = make("div", { className: "veduta-tools", role: "group", ariaLabel: TEXTS.tools });
  const wide = coverage.horizontal > 4 * coverage.vertical ? " veduta-wide" : "";
  const box = make("div", { className: `veduta-stage${wide}` }, canvas, note, tools, said);
  const bar = make("div", { className: "veduta-bar", role: "group", ariaLabel: TEXTS.controls });
  const panels = make("div", { className: "veduta-panels" });
  root.append(box, ...(caption === undefined ? [] : [make("p", { className: "veduta-caption" }, caption)]), bar, panels);

  let quiet = 0;
  let before: ViewState | undefined;
  const tell = (text: string) => {
    note.textContent = text;
    note.dataset.shown = "";
    clearTimeout(quiet);
    quiet = window.setTimeout(() => {
      delete note.dataset.shown;
      said.textContent = text;
    }, REST);
  };
  const noticed = new Set<string>();
  return {
    canvas,
    tools,
    bar,
    panels,
    show(state, by = "user") {
      const moved = by === "user" && before && turned(before, state);
      if (before === undefined && coverage.edge === "open") tell(TEXTS.covers(coverage));
      before = state;
      if (moved) tell(TEXTS.view(state));
    },
    say(text) {
      said.textContent = text;
    },
    notice(text) {
      if (noticed.has(text)) return;
      noticed.add(text);
      tell(text);
    },
    remove() {
      clearTimeout(quiet);
      for (const part of [...root.children]) if (part.tagName !== "IMG") part.remove();
    },
  };
}

/** Adds zoom, reset and full screen. */
export function viewTools(core: Core): void {
  const { root, tools, keys } = core;
  const zoom = (factor: number) => () => {
    core.input();
    move(core, { zoom: factor });
  };
  const reset = () => {
    core.input();
    keys.get("0")?.();
  };
  tools.append(
    iconButton("zoomOut", TEXTS.zoomOut, zoom(1.2)),
    iconButton("zoomIn", TEXTS.zoomIn, zoom(1 / 1.2)),
    iconButton("reset", TEXTS.reset, reset),
  );
  if (!document.fullscreenEnabled) return;
  const fullScreen = () => void (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
  tools.append(iconButton("fullScreen", TEXTS.fullScreen, fullScreen));
  keys.set("f", fullScreen);
}

/** Adds the choice of the projection. */
export function projectionChoice(core: Core): void {
  const names = Object.fromEntries(Object.keys(projections).map((name) => [name, TEXTS.projections[name as keyof typeof projections]]));
  const select = choice(TEXTS.projection, names as Record<keyof typeof projections, string>, (projection) => {
    core.input();
    project(core, projection);
  });
  core.bar.append(select);
  core.onState(({ projection }) => {
    select.value = projection;
  });
}
