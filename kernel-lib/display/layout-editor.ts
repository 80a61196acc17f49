/** @file A layout that the user draws: boxes moved, resized, added and removed with the mouse or the keyboard; the boxes are a value of the notebook. */
import { classColour, layoutSvg } from "../conditions/layout-picture.js";
import type { SceneObject } from "../conditions/scene.js";
import { checkScene } from "../conditions/scene-tokenizer.js";
import { encodePng, svgPng } from "../core/image.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import { dataUrl } from "../pages/html.js";
import { type Control, control } from "./controls.js";
import { displayable } from "./display.js";
import { widget } from "./widget.js";

/** Options of `layoutEditor`. */
export interface LayoutEditorOptions {
  /** the boxes to begin with; default none */
  readonly layout?: readonly SceneObject[];
  /** what may be added: the classes of a model; default those of the layout */
  readonly classes?: readonly string[];
  /** below the boxes, [1,3,H,W] in [0,1]: a picture that was made of them */
  readonly picture?: Tensor;
  /** width in CSS pixels; default 384 */
  readonly width?: number;
}

/**
 * Shows a layout whose boxes can be changed, where the front end has widgets: drag a box to move it, its corner to resize it, choose a class and drag on
 * the ground to add one, Delete removes the one that is chosen. Elsewhere the boxes are drawn as they are. `value` is the layout.
 * @throws TypeError, RangeError for boxes that are none; ShapeError for several pictures
 */
export function layoutEditor({ layout = [], classes, picture, width = 384 }: LayoutEditorOptions = {}): Control<readonly SceneObject[]> {
  const known = (value: readonly SceneObject[]) => {
    if (value.length > 0) checkScene({ layout: value });
    return value;
  };
  if (!(width >= 1)) throw new RangeError(`layoutEditor: got width ${width}, want CSS pixels >= 1`);
  if (picture) expectShape("layoutEditor: picture", picture, [1, 3, "H", "W"], "give one picture");
  const height = picture ? Math.round((width * picture.shape[2]) / picture.shape[3]) : width;
  const names = [...new Set([...(classes ?? []), ...layout.map(({ what }) => what)])];
  let ground: string | undefined;
  const made = widget({
    esm: EDITOR,
    css: STYLE,
    state: {
      value: known(layout) as readonly SceneObject[],
      names,
      colours: names.map((_, k) => classColour(k)),
      picture: "",
      width,
      height,
    },
    still: () => ({}),
  });
  const shown = displayable(async () => {
    if (picture && ground === undefined) {
      ground = dataUrl("image/png", await encodePng(picture));
      made.set({ picture: ground });
    }
    const value = made.get("value");
    const svg = layoutSvg(value, { width, height, picture: ground });
    const forms = await made.bundle();
    return {
      "text/html": `<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}" alt="boxes of ${value.length} objects" width="${width}" style="max-width:100%;height:auto">`,
      "image/png": Buffer.from(await svgPng(svg)).toString("base64"),
      "text/plain": `[layout of ${value.length} objects]`,
      ...forms,
    };
  });
  const inner = control<readonly SceneObject[]>(made, known);
  return {
    ...shown,
    get value() {
      return inner.value;
    },
    set: inner.set,
    observe: inner.observe,
  };
}

const STYLE = `.veduta-layout{font:13px/1.5 system-ui,sans-serif}
.veduta-layout svg{display:block;max-width:100%;height:auto;touch-action:none;border-radius:6px}
.veduta-layout rect.box{cursor:move}
.veduta-layout rect.corner{cursor:nwse-resize}
.veduta-layout .chosen{stroke-width:3}
.veduta-layout p{margin:6px 0;display:flex;gap:8px;align-items:center;flex-wrap:wrap}`;

/** The page's code, plain JavaScript. Boxes are shares of the picture; a step of the arrow keys is a hundredth. */
const EDITOR = `export default { render({ model, el }) {
  const NS = "http://www.w3.org/2000/svg";
  const root = document.createElement("div");
  root.className = "veduta-layout";
  const bar = document.createElement("p");
  const names = document.createElement("select");
  names.setAttribute("aria-label", "class of a new box");
  for (const name of model.get("names")) { const option = document.createElement("option"); option.textContent = name; names.append(option); }
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "Remove box";
  const hint = document.createElement("span");
  hint.textContent = "Drag on the ground to add a box.";
  bar.append(names, remove, hint);
  const [width, height] = [model.get("width"), model.get("height")];
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 " + width + " " + height, width, height, tabindex: "0", role: "application", "aria-label": "layout of boxes" })) svg.setAttribute(key, value);
  root.append(svg, bar);
  el.append(root);
  let boxes = [];
  let chosen = -1;
  let drag;
  const node = (name, facts, parent = svg) => { const made = document.createElementNS(NS, name); for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value); parent.append(made); return made; };
  const colourOf = (what) => model.get("colours")[model.get("names").indexOf(what)] ?? "#555";
  const draw = () => {
    svg.replaceChildren();
    node("rect", { width, height, fill: "#f4f4f4" });
    if (model.get("picture")) node("image", { href: model.get("picture"), width, height });
    boxes.forEach(({ what, box: [x, y, w, h] }, k) => {
      const colour = colourOf(what);
      node("rect", { x: x * width, y: y * height, width: w * width, height: h * height, fill: colour, "fill-opacity": 0.25, stroke: colour, class: k === chosen ? "box chosen" : "box", "data-box": k });
      node("text", { x: x * width + 4, y: y * height + 15, "font-size": 13, fill: "#111", stroke: "#fff", "stroke-width": 2.5, "paint-order": "stroke", "pointer-events": "none" }).textContent = what;
      node("rect", { x: (x + w) * width - 9, y: (y + h) * height - 9, width: 10, height: 10, fill: colour, class: "corner", "data-corner": k });
    });
    remove.disabled = chosen < 0;
  };
  const tell = () => { model.set("value", boxes.map(({ what, box }) => ({ what, box: box.map((x) => Math.round(x * 1e4) / 1e4) }))); model.save_changes(); };
  const follow = () => { if (drag) return; boxes = model.get("value").map(({ what, box }) => ({ what, box: [...box] })); chosen = Math.min(chosen, boxes.length - 1); draw(); };
  const place = (event) => { const { left, top, width: w, height: h } = svg.getBoundingClientRect(); return [Math.min(1, Math.max(0, (event.clientX - left) / w)), Math.min(1, Math.max(0, (event.clientY - top) / h))]; };
  const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
  svg.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    const { box, corner } = event.target.dataset;
    if (corner !== undefined) { chosen = Number(corner); drag = { kind: "size" }; }
    else if (box !== undefined) { chosen = Number(box); drag = { kind: "move", from: [x, y], box: [...boxes[chosen].box] }; }
    else if (names.value) { boxes.push({ what: names.value, box: [x, y, 0, 0] }); chosen = boxes.length - 1; drag = { kind: "size" }; }
    svg.setPointerCapture(event.pointerId);
    draw();
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = place(event);
    const { box } = boxes[chosen];
    if (drag.kind === "size") { box[2] = clamp(x - box[0], 0.01, 1 - box[0]); box[3] = clamp(y - box[1], 0.01, 1 - box[1]); }
    else { box[0] = clamp(drag.box[0] + x - drag.from[0], 0, 1 - box[2]); box[1] = clamp(drag.box[1] + y - drag.from[1], 0, 1 - box[3]); }
    draw();
  });
  const end = () => {
    if (!drag) return;
    drag = undefined;
    const [, , w, h] = boxes[chosen].box;
    if (w < 0.02 || h < 0.02) { boxes.splice(chosen, 1); chosen = -1; }
    draw();
    tell();
  };
  svg.addEventListener("pointerup", end);
  svg.addEventListener("pointercancel", end);
  const drop = () => { if (chosen < 0) return; boxes.splice(chosen, 1); chosen = -1; draw(); tell(); };
  remove.addEventListener("click", drop);
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Delete" || event.key === "Backspace") drop();
    else if (steps[event.key] && chosen >= 0) {
      const [dx, dy] = steps[event.key];
      const { box } = boxes[chosen];
      box[0] = clamp(box[0] + dx / 100, 0, 1 - box[2]);
      box[1] = clamp(box[1] + dy / 100, 0, 1 - box[3]);
      draw();
      tell();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  model.on("change:value", follow);
  model.on("change:picture", draw);
  follow();
  return () => { model.off("change:value", follow); model.off("change:picture", draw); };
} };`;
