/**
 * @file A widget: an ES module of the front end, and a state that it shares with the notebook. The protocol is that of ipywidgets, "jupyter.widget";
 * the module is an anywidget (https://anywidget.dev, AFM), so the front end needs anywidget. Where it has none, a still form is shown.
 */
import { type Comm, type CommData, kernelHost } from "../core/host.js";
import { type Displayable, displayable, type MimeBundle } from "./display.js";

const VIEW = "application/vnd.jupyter.widget-view+json";
const PROTOCOL = "2.1.0";
const ANYWIDGET = ">=0.9.0 <1"; // the versions of the front end's part that take the module's form

let answered = false;

/** Whether a page has told a widget's state: then it has anywidget. */
export const pageHasWidgets = (): boolean => answered;

/** A widget's state: JSON values by name. */
export type WidgetState = Readonly<Record<string, unknown>>;

/** What a widget is made of. */
export interface WidgetOptions<State extends WidgetState> {
  /** the source of an ES module whose default export has `render({ model, el })`, `initialize({ model })` or both; runs in the page */
  readonly esm: string;
  readonly css?: string;
  /** what both sides share; JSON */
  readonly state: State;
  /** what is shown where there are no widgets, in the forms of any output */
  readonly still: (state: State) => MimeBundle;
}

/** A widget in a notebook. */
export interface Widget<State extends WidgetState> extends Displayable {
  /** whether a front end can share the state: only in Veduta's kernel */
  readonly live: boolean;
  get<Name extends keyof State>(name: Name): State[Name];
  /** Changes the state on both sides. */
  set(changes: Partial<State>): void;
  /** Calls `changed` after every change that a user makes in the page. @returns a function that ends that */
  observe(changed: (state: State) => void): () => void;
  /** Opens the widget without showing it: `initialize` of its module runs in the page. Does nothing where it is open. */
  open(): void;
  /** Ends the widget in all front ends. */
  close(): void;
}

/**
 * Makes a widget. Its state is shared from the moment it is first shown.
 * @throws TypeError for a state that JSON cannot hold
 */
export function widget<State extends WidgetState>({ esm, css = "", state: initial, still }: WidgetOptions<State>): Widget<State> {
  let state = plain(initial);
  let comm: Comm | undefined;
  const listeners = new Set<(state: State) => void>();
  const host = kernelHost()?.comms;
  const model = () => ({
    _model_module: "anywidget",
    _model_module_version: ANYWIDGET,
    _model_name: "AnyModel",
    _view_module: "anywidget",
    _view_module_version: ANYWIDGET,
    _view_name: "AnyView",
    _view_count: null,
    _anywidget_id: "veduta",
    _esm: esm,
    _css: css,
    ...state,
  });

  function hear(data: CommData): void {
    answered = true;
    if (data.method === "request_state") comm?.send({ method: "update", state: model(), buffer_paths: [] });
    if (data.method !== "update" || typeof data.state !== "object" || data.state === null) return;
    const changes = Object.entries(data.state).filter(([name]) => Object.hasOwn(state, name));
    state = { ...state, ...Object.fromEntries(changes) };
    // the protocol wants every change of a page told to the other pages
    comm?.send({ method: "echo_update", state: Object.fromEntries(changes), buffer_paths: [] });
    for (const changed of listeners) changed(state);
  }

  /** The comm, opened when the widget is first shown. */
  function opened(): Comm | undefined {
    if (comm || !host) return comm;
    comm = host.open("jupyter.widget", { state: model(), buffer_paths: [] }, { metadata: { version: PROTOCOL } });
    comm.onMessage(hear);
    comm.onClose(() => {
      comm = undefined;
    });
    return comm;
  }

  const shown = displayable(async () => {
    const id = opened()?.id;
    return { ...still(state), ...(id === undefined ? {} : { [VIEW]: { version_major: 2, version_minor: 1, model_id: id } }) };
  });
  return {
    ...shown,
    live: host !== undefined,
    get: (name) => state[name],
    set(changes) {
      const given = plain(changes) as Partial<State>;
      state = { ...state, ...given };
      comm?.send({ method: "update", state: given, buffer_paths: [] });
    },
    observe(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    open: () => void opened(),
    close: () => comm?.close(),
  };
}

/** A copy of a state that JSON can hold. */
function plain<T>(value: T): T {
  const text = JSON.stringify(value, (key, each) => {
    if (
      typeof each === "function" ||
      typeof each === "symbol" ||
      typeof each === "bigint" ||
      (typeof each === "number" && !Number.isFinite(each))
    )
      throw new TypeError(`widget: state.${key} is ${String(each)}, want a value that JSON can hold`);
    return each;
  });
  return JSON.parse(text) as T;
}
