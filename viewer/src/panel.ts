/** @file A panel below the picture, opened by a button of the bar; one is open at a time. */
import type { Core } from "./core.js";
import { make, textButton } from "./dom.js";

/** A panel below the picture. */
export interface Panel {
  readonly button: HTMLButtonElement;
  isOpen(): boolean;
  open(): void;
  close(): void;
  onOpen(then: () => void): void;
  onClose(then: () => void): void;
}

/** Adds a panel and its button. @param fill makes the content, when the panel first opens */
export function panel(core: Core, label: string, name: string, fill: () => (Node | string)[]): Panel {
  const body = make("section", { className: `veduta-panel veduta-${name}`, ariaLabel: label, hidden: true });
  const [openers, closers]: [(() => void)[], (() => void)[]] = [[], []];
  const show = (open: boolean) => {
    if (open !== body.hidden) return;
    if (open && !body.hasChildNodes()) body.append(...fill());
    if (open) for (const [other, close] of panels(core)) if (other !== name) close();
    body.hidden = !open;
    button.ariaExpanded = String(open);
    for (const then of open ? openers : closers) then();
    // On a page as high as the window the panel would open out of sight. Its first lines are scrolled into view, so that the picture stays visible.
    if (open) (body.children[1] ?? body).scrollIntoView({ block: "nearest" });
  };
  const button = textButton(label, () => show(body.hidden));
  button.ariaExpanded = "false";
  core.bar.append(button);
  core.panels.append(body);
  panels(core).set(name, () => show(false));
  return {
    button,
    isOpen: () => !body.hidden,
    open: () => show(true),
    close: () => show(false),
    onOpen: (then) => void openers.push(then),
    onClose: (then) => void closers.push(then),
  };
}

const open = new WeakMap<Core, Map<string, () => void>>();
function panels(core: Core): Map<string, () => void> {
  const known = open.get(core) ?? new Map<string, () => void>();
  open.set(core, known);
  return known;
}
