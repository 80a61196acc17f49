/** @file The controls of a comparison: its kind, the two panoramas, the divider, the blinking, the labels, and the measured difference. */

import { COMPARISONS, type Comparison, pairOf, type ViewState } from "../../kernel-lib/panorama/view-state.js";
import type { Core, Which } from "./core.js";
import { choice, make } from "./dom.js";
import { TEXTS } from "./texts.js";

/** Milliseconds that each picture is shown in "blink". */
const BLINK = 700;
/** How often the shown difference is doubled: 2, so 4 times, to make small differences visible. */
export const DOUBLINGS = 2;

const KEYS: Readonly<Record<Comparison, string>> = { swipe: "s", blend: "x", side: "e", blink: "b", difference: "d" };

/** The controls of a comparison. */
export interface CompareBar {
  /** the divider's place, as a fraction of the width; in "blend" how much of the second panorama is seen, from 0 to 1 */
  split(): number;
  /** the panorama that "blink" shows now */
  turn(): Which;
  /** Shows the measured difference once the view rests. */
  measure(): void;
}

/** Adds the controls of a comparison. @param difference the view's mean difference, of 255 */
export function compareBar(core: Core, difference: () => number): CompareBar {
  const { label = TEXTS.first, others = [] } = core.spec;
  const labels = [label, ...others.map((other) => other.label)];
  let [split, waiting, timer] = [0.5, 0, 0];
  let turn: Which = 0;
  const set = (compare: Comparison | null) => core.set({ compare });
  const select = choice(TEXTS.compare, { none: TEXTS.compareNone, ...TEXTS.comparisons }, (value) => {
    core.input();
    set(value === "none" ? null : value);
  });
  const handle = make("input", { type: "range", min: "0", max: "100", value: "50", ariaLabel: TEXTS.divider, className: "veduta-divider" });
  const names = make("span", { className: "veduta-names" });
  core.bar.append(select, ...(labels.length > 2 ? pairChoice(core, labels) : []), handle, names);
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

  const words: Readonly<Record<Comparison, (state: ViewState) => string>> = {
    swipe: (state) =>
      pairOf(state)
        .map((which) => labels[which])
        .join(" | "),
    blend: (state) => TEXTS.blended(labels[pairOf(state)[1]], labels[pairOf(state)[0]]),
    side: () => labels.join(" | "),
    blink: () => labels[turn],
    difference: () => TEXTS.measuring,
  };
  const tag = pictureLabels(core, labels);
  const say = (state: ViewState) => {
    names.textContent = state.compare === null ? "" : words[state.compare](state);
    tag(state, turn);
  };
  core.onState((state) => {
    const { compare } = state;
    select.value = compare ?? "none";
    handle.hidden = compare !== "swipe" && compare !== "blend";
    handle.ariaLabel = compare === "blend" ? TEXTS.opacity : TEXTS.divider;
    if (compare !== "blink") {
      clearInterval(timer);
      timer = 0;
    } else if (timer === 0) {
      turn = 0;
      timer = window.setInterval(() => {
        turn = (turn + 1) % labels.length;
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
    measure: () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => {
        if (core.state().compare !== "difference") return;
        names.textContent = TEXTS.difference(difference(), 2 ** DOUBLINGS);
        core.say(names.textContent);
      }, 150);
    },
  };
}

/** The labels on the picture, at the top of each panorama's part. @returns what shows them */
function pictureLabels(core: Core, labels: readonly string[]): (state: ViewState, turn: Which) => void {
  const box = make("div", { ariaHidden: "true" });
  core.canvas.after(box);
  const label = (which: Which, place: string, parts: number) => {
    const span = make("span", { className: "veduta-side" }, labels[which]);
    span.style.cssText = `${place};max-width:calc(${100 / parts}% - 30px)`;
    return span;
  };
  const shown = (state: ViewState, turn: Which): readonly HTMLElement[] => {
    const [first, second] = pairOf(state);
    switch (state.compare) {
      case "swipe":
        return [label(first, "left:10px", 2), label(second, "right:10px", 2)];
      case "side":
        return labels.map((_, which) => label(which, `left:calc(${(100 * which) / labels.length}% + 10px)`, labels.length));
      case "blink":
        return [label(turn, "left:10px", 2)];
      default:
        return [];
    }
  };
  return (state, turn) => box.replaceChildren(...shown(state, turn));
}

/** The choice of the two compared panoramas, if there are three or more: two lists, and keys. */
function pairChoice(core: Core, labels: readonly string[]): HTMLSelectElement[] {
  const named = Object.fromEntries(labels.entries());
  const put = (side: 0 | 1, which: Which) => {
    const pair = pairOf(core.state());
    const [here, there] = [pair[side], pair[1 - side]];
    const next = [which, which === there ? here : there]; // choosing the other one swaps the two
    core.set({ pair: side === 0 ? [next[0], next[1]] : [next[1], next[0]] });
  };
  const lists = ([0, 1] as const).map((side) =>
    choice(TEXTS.pair[side], named, (value) => {
      core.input();
      put(side, Number(value));
    }),
  );
  for (const [side, key] of [
    [0, "i"],
    [1, "o"],
  ] as const)
    core.keys.set(key, () => {
      const pair = pairOf(core.state());
      const next = (k: number) => (k + 1) % labels.length;
      const after = next(pair[side]);
      put(side, after === pair[1 - side] ? next(after) : after);
    });
  core.onState((state) => {
    for (const [side, list] of lists.entries()) {
      list.value = String(pairOf(state)[side]);
      list.hidden = state.compare !== "swipe" && state.compare !== "blend" && state.compare !== "difference";
    }
  });
  return lists;
}
