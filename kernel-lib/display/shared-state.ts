/**
 * @file The state of a figure in the page, shared with the notebook both ways. The figure stays what it is, HTML and a script; beside it a widget
 * without a view carries the state. So a front end without widgets shows the figure as well, and then the state is only the notebook's.
 */
import { kernelHost } from "../core/host.js";
import { pageHasWidgets, type Widget, widget } from "./widget.js";

/** Milliseconds that `read` waits for a page; one that has the figure answers within a tenth of a second. */
const ANSWER_TIME = 2000;

/**
 * A figure's state. It is shared from its first use on, or from the beginning where the notebook has used a control before: a front end without anywidget would
 * complain about it.
 */
export interface SharedState<State extends object> {
  /** what the page shows, as far as it has told; before that, what was given */
  readonly state: Partial<State>;
  /** Asks the page what it shows. Resolves with what was given where no page answers. */
  read(): Promise<Partial<State>>;
  /** Changes the state, in the page too. @throws RangeError for a value that the figure does not have */
  set(change: Partial<State>): void;
  /** Calls `changed` after every change that a user makes in the page. @returns a function that ends that */
  observe(changed: (state: Partial<State>) => void): () => void;
}

/** A shared state, and what joins it to the page. */
export interface StateOfFigure<State extends object> extends SharedState<State> {
  /** the state as it is known, without beginning to share it */
  given(): Partial<State>;
  /** the attribute of the figure's root in the page, with a space before it; empty where no front end shares it */
  join(): string;
}

let made = 0;

/** Makes the state of a figure. @param initial what was given @param checked the state after a change; throws for what the figure does not have */
export function figureState<State extends object>(
  initial: Partial<State>,
  checked: (state: Partial<State>, change: Partial<State>) => Partial<State>,
): StateOfFigure<State> {
  const key = `veduta-state-${process.pid}-${Date.now().toString(36)}-${made++}`; // unique across kernel restarts
  const shared: Widget<{ key: string; view: Partial<State> }> = widget({
    esm: SHARE,
    state: { key, view: initial },
    still: () => ({}),
  });
  let told = false;
  shared.observe(() => {
    told = true;
  });
  const inUse = () => {
    if (kernelHost()?.comms?.widgets()) shared.open();
  };
  return {
    get state() {
      inUse();
      return shared.get("view");
    },
    async read() {
      inUse();
      if (!told && kernelHost()?.comms?.widgets())
        await new Promise<void>((resolve) => {
          const waited = setTimeout(resolve, ANSWER_TIME);
          const end = shared.observe(() => {
            clearTimeout(waited);
            end();
            resolve();
          });
        });
      return shared.get("view");
    },
    set(change) {
      shared.set({ view: checked(shared.get("view"), change) });
      inUse();
    },
    observe(changed) {
      inUse();
      return shared.observe(({ view }) => changed(view));
    },
    given: () => shared.get("view"),
    join() {
      if (!kernelHost()?.comms?.widgets()) return "";
      if (pageHasWidgets()) shared.open();
      return ` data-veduta-state="${key}"`;
    },
  };
}

/**
 * The page's code, plain JavaScript. A figure's root tells its changes by an event, and has its state as `viewer.state` or `plot.state`. The state
 * goes to the notebook at most ten times a second. A figure that comes to the page later, or again, takes the state that is known.
 */
const SHARE = `export default { initialize({ model }) {
  const key = model.get("key");
  const partOf = (root) => root.viewer ?? root.plot;
  const stateOf = (root) => JSON.parse(JSON.stringify(partOf(root).state));
  const joined = new WeakSet();
  let waiting;
  const put = (root) => { try { partOf(root).state = model.get("view"); } catch (error) { console.warn("veduta: the figure does not take this state", error); } };
  const tell = (root) => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      if (!partOf(root)) return;
      const state = stateOf(root);
      if (JSON.stringify(state) === JSON.stringify(model.get("view"))) return;
      model.set("view", state);
      model.save_changes();
    }, 100);
  };
  const meet = (root) => {
    const part = partOf(root);
    if (!part || joined.has(part)) return false;
    joined.add(part);
    put(root);
    tell(root);
    return true;
  };
  const roots = () => [...document.querySelectorAll('[data-veduta-state="' + key + '"]')].filter(partOf);
  const hear = ({ target }) => { if (target.dataset && target.dataset.vedutaState === key && partOf(target) && !meet(target)) tell(target); };
  const follow = () => { for (const root of roots()) if (JSON.stringify(stateOf(root)) !== JSON.stringify(model.get("view"))) put(root); };
  document.addEventListener("veduta:state", hear);
  model.on("change:view", follow);
  for (const root of roots()) meet(root);
  return () => { document.removeEventListener("veduta:state", hear); model.off("change:view", follow); clearTimeout(waiting); };
} };`;
