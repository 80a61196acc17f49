/** @file Two panoramas with one camera: a divider between them, side by side, in turns, or how they differ. */
import type { Core, Which } from "./core.js";
import { choice, make } from "./dom.js";
import { COMPARISONS, type Comparison, type ViewState } from "./state.js";
import { TEXTS } from "./texts.js";

/** How the viewer draws: one picture, or two as the state's `compare` says. */
export type Compose = (pen: CanvasRenderingContext2D, width: number, height: number) => void;

/** Milliseconds that each picture stays in turn. */
const BLINK = 700;
/** Doublings of the difference, so that small ones are seen: 4 times. */
const DOUBLINGS = 2;
/** Width of the view in which the difference is measured. */
const MEASURED = 320;

const KEYS: Readonly<Record<Comparison, string>> = { swipe: "s", side: "e", blink: "b", difference: "d" };

export function comparing(core: Core): Compose {
  const { other } = core.spec;
  const whole = (which: Which): Compose => {
    return (pen, width, height) => {
      const shot = core.shot(which, core.state(), width, height);
      if (shot) pen.drawImage(shot, 0, 0);
    };
  };
  if (!other) return whole("a");
  const ui = controls(core, other.label);
  const swipe: Compose = (pen, width, height) => {
    whole("a")(pen, width, height);
    const from = Math.round(width * ui.split());
    const b = core.shot("b", core.state(), width, height);
    if (b && from < width) pen.drawImage(b, from, 0, width - from, height, from, 0, width - from, height);
    pen.fillStyle = "#fff";
    pen.fillRect(from - 1, 0, 2, height);
  };
  const side: Compose = (pen, width, height) => {
    const left = Math.floor(width / 2);
    for (const [which, x, wide] of [
      ["a", 0, left],
      ["b", left, width - left],
    ] as const) {
      const shot = core.shot(which, core.state(), wide, height);
      if (shot) pen.drawImage(shot, x, 0);
    }
    pen.fillStyle = "#fff";
    pen.fillRect(left - 1, 0, 2, height);
  };
  const difference: Compose = (pen, width, height) => {
    subtract(core, pen, width, height);
    pen.globalCompositeOperation = "lighter";
    for (let k = 0; k < DOUBLINGS; k++) pen.drawImage(pen.canvas, 0, 0);
    pen.globalCompositeOperation = "source-over";
    ui.measure();
  };
  const blink: Compose = (pen, width, height) => whole(ui.turn())(pen, width, height);
  const composers: Readonly<Record<Comparison, Compose>> = { swipe, side, blink, difference };
  return (pen, width, height) => {
    const { compare } = core.state();
    (compare === null ? whole("a") : composers[compare])(pen, width, height);
  };
}

/** |a − b|, channel by channel. */
function subtract(core: Core, pen: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, width: number, height: number): void {
  const a = core.shot("a", core.state(), width, height);
  if (a) pen.drawImage(a, 0, 0);
  const b = core.shot("b", core.state(), width, height);
  pen.globalCompositeOperation = "difference";
  if (b) pen.drawImage(b, 0, 0);
  pen.globalCompositeOperation = "source-over";
}

/** Mean of |a − b| over the view, of 255. */
function meanDifference(core: Core): number {
  const { canvas } = core;
  const [width, height] = [MEASURED, Math.max(1, Math.round((MEASURED * canvas.height) / Math.max(1, canvas.width)))];
  const pen = new OffscreenCanvas(width, height).getContext("2d", {
    willReadFrequently: true,
    alpha: false,
  }) as OffscreenCanvasRenderingContext2D;
  subtract(core, pen, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  let sum = 0;
  for (let k = 0; k < data.length; k++) if (k % 4 !== 3) sum += data[k];
  return sum / (width * height * 3);
}

function controls(core: Core, label: string) {
  let [split, waiting] = [0.5, 0];
  let turn: Which = "a";
  let timer = 0;
  const set = (compare: Comparison | null) => core.set({ compare });
  const select = choice(TEXTS.compare, { none: TEXTS.compareNone, ...TEXTS.comparisons }, (value) => {
    core.hand();
    set(value === "none" ? null : value);
  });
  const handle = make("input", { type: "range", min: "0", max: "100", value: "50", ariaLabel: TEXTS.divider, className: "veduta-divider" });
  const names = make("span", { className: "veduta-names" });
  core.bar.append(select, handle, names);
  const slide = (to: number) => {
    split = Math.min(1, Math.max(0, to));
    handle.value = String(Math.round(split * 100));
    core.ask();
  };
  handle.addEventListener("input", () => slide(Number(handle.value) / 100));
  core.keys.set(",", () => slide(split - 0.05));
  core.keys.set(".", () => slide(split + 0.05));
  core.keys.set("escape", () => set(null));
  for (const mode of COMPARISONS) core.keys.set(KEYS[mode], () => set(core.state().compare === mode ? null : mode));

  const a = core.spec.label ?? TEXTS.first;
  const say = ({ compare }: ViewState) => {
    names.textContent =
      compare === null
        ? ""
        : compare === "blink"
          ? turn === "a"
            ? a
            : label
          : compare === "difference"
            ? TEXTS.measuring
            : `${a} | ${label}`;
  };
  core.onState((state) => {
    const { compare } = state;
    select.value = compare ?? "none";
    handle.hidden = compare !== "swipe";
    if (compare !== "blink") {
      clearInterval(timer);
      timer = 0;
    } else if (timer === 0) {
      turn = "a";
      timer = window.setInterval(() => {
        turn = turn === "a" ? "b" : "a";
        say(core.state());
        core.ask();
      }, BLINK);
    }
    say(state);
  });
  core.signal.addEventListener("abort", () => {
    clearInterval(timer);
    clearTimeout(waiting);
  });
  return {
    split: () => split,
    turn: () => turn,
    /** Tells the number once the view rests. */
    measure: () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => {
        if (core.state().compare !== "difference") return;
        names.textContent = TEXTS.difference(meanDifference(core), 2 ** DOUBLINGS);
        core.say(names.textContent);
      }, 150);
    },
  };
}
