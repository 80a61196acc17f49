/** @file Controls of a notebook: a slider, a list to choose from, a button; each tells what the user does. */
import { escapeHtml } from "../pages/html.js";
import type { Displayable } from "./display.js";
import { type Widget, type WidgetState, widget } from "./widget.js";

/** A control with a value. */
export interface Control<Value> extends Displayable {
  /** what the user has chosen; the first value where nobody can choose, as in a script */
  readonly value: Value;
  /** Changes the value, in the page too. */
  set(value: Value): void;
  /** Calls `changed` with every value that the user chooses, or a cell sets. @returns a function that ends that */
  observe(changed: (value: Value) => void): () => void;
}

/** Options of `slider`. */
export interface SliderOptions {
  readonly min: number;
  readonly max: number;
  /** default a hundredth of the range, or 1 where both ends are whole and at least 20 apart */
  readonly step?: number;
  /** default min */
  readonly value?: number;
  /** any text */
  readonly label?: string;
}

/** A number that the user chooses. @throws RangeError for a range that is none, or a value outside of it */
export function slider({ min, max, step, value = min, label = "" }: SliderOptions): Control<number> {
  if (!(Number.isFinite(min) && Number.isFinite(max) && max > min))
    throw new RangeError(`slider: got min ${min} and max ${max}, want max above min`);
  const whole = Number.isInteger(min) && Number.isInteger(max) && max - min >= 20;
  const width = step ?? (whole ? 1 : (max - min) / 100);
  if (!(width > 0)) throw new RangeError(`slider: got step ${step}, want a number above 0`);
  const inRange = (x: number) => {
    if (!(x >= min && x <= max)) throw new RangeError(`slider: got value ${x}, want ${min} to ${max}`);
    return x;
  };
  return control(
    widget({
      esm: SLIDER,
      css: STYLE,
      state: { value: inRange(value), min, max, step: width, label },
      still: (state) => stillOf(label || "slider", String(state.value)),
    }),
    inRange,
  );
}

/** Options of `select`. */
export interface SelectOptions<Value extends string> {
  readonly options: readonly Value[];
  /** default the first option */
  readonly value?: Value;
  /** any text */
  readonly label?: string;
}

/** One of some texts. @throws RangeError for no options, or a value that is none of them */
export function select<const Value extends string>({ options, value = options[0], label = "" }: SelectOptions<Value>): Control<Value> {
  const known = (x: Value) => {
    if (!options.includes(x)) throw new RangeError(`select: got value ${x}, want one of ${options.join(", ") || "some options"}`);
    return x;
  };
  return control(
    widget({
      esm: SELECT,
      css: STYLE,
      state: { value: known(value), options, label },
      still: (state) => stillOf(label || "choice", String(state.value)),
    }),
    known,
  );
}

/** A button; its value counts how often it was pressed. */
export function button(label: string): Control<number> {
  const made = widget({ esm: BUTTON, css: STYLE, state: { value: 0, label }, still: () => stillOf("button", label) });
  return control(made, (x) => x);
}

/** A control of a widget whose state has a value. @param check returns the value, or throws for one that the control does not take */
export function control<Value>(made: Widget<WidgetState & { value: Value }>, check: (value: Value) => Value): Control<Value> {
  const { get, set, observe, live: _, open: __, close: ___, ...shown } = made;
  const listeners = new Set<(value: Value) => void>();
  const tell = (value: Value) => {
    for (const changed of listeners) changed(value);
  };
  observe(({ value }) => tell(value));
  return {
    ...shown,
    get value() {
      return get("value");
    },
    set(value) {
      const before = get("value");
      set({ value: check(value) });
      if (value !== before) tell(value);
    },
    observe(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
  };
}

const stillOf = (name: string, value: string) => ({
  "text/html": `<p style="font:13px/1.5 system-ui,sans-serif;margin:0"><b>${escapeHtml(name)}</b> ${escapeHtml(value)}</p>`,
  "text/plain": `[${name}: ${value}]`,
});

const STYLE = `.veduta-control{display:flex;gap:10px;align-items:center;font:13px/1.5 system-ui,sans-serif;max-width:520px;margin:4px 0}
.veduta-control label{flex:none;min-width:90px}
.veduta-control input[type=range]{flex:1;min-width:80px}
.veduta-control output{flex:none;min-width:4em;font-variant-numeric:tabular-nums}`;

/** What all controls do: a labelled row, and a state that follows both ways. The page's code is plain JavaScript. */
const row = (made: string) => `export default { render({ model, el }) {
  const root = document.createElement("div");
  root.className = "veduta-control";
  const id = "veduta-control-" + Math.random().toString(36).slice(2);
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = model.get("label");
  const tell = (value) => { model.set("value", value); model.save_changes(); };
  ${made}
  model.on("change:value", follow);
  follow();
  el.append(root);
  return () => model.off("change:value", follow);
} };`;

const SLIDER = row(`const input = document.createElement("input");
  Object.assign(input, { type: "range", id, min: model.get("min"), max: model.get("max"), step: model.get("step") });
  const output = document.createElement("output");
  const follow = () => { input.value = String(model.get("value")); output.textContent = String(Number(Number(model.get("value")).toPrecision(4))); };
  input.addEventListener("input", () => tell(Number(input.value)));
  root.append(label, input, output);`);

const SELECT = row(`const input = document.createElement("select");
  input.id = id;
  for (const name of model.get("options")) { const option = document.createElement("option"); option.textContent = name; option.value = name; input.append(option); }
  const follow = () => { input.value = model.get("value"); };
  input.addEventListener("change", () => tell(input.value));
  root.append(label, input);`);

const BUTTON = row(`const input = document.createElement("button");
  input.id = id;
  input.type = "button";
  input.textContent = model.get("label");
  label.remove();
  const follow = () => {};
  input.addEventListener("click", () => tell(model.get("value") + 1));
  root.append(input);`);
