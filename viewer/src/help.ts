/** @file The viewer's keys, in a panel: those that do something in this one. */
import type { Core } from "./core.js";
import { make } from "./dom.js";
import { panel } from "./panel.js";
import { TEXTS } from "./texts.js";

/** Adds the panel and its key. To be added last, when all keys are known. */
export function helpPanel(core: Core): void {
  const { button } = panel(core, TEXTS.help, "help", () => [
    make("h3", {}, TEXTS.help),
    make("p", {}, TEXTS.focus),
    make(
      "dl",
      {},
      ...TEXTS.keyHelp
        .filter(({ key }) => key === undefined || core.keys.has(key))
        .flatMap(({ keys, what }) => [make("dt", {}, ...keys.flatMap((name) => [make("kbd", {}, name), " "])), make("dd", {}, what)]),
    ),
  ]);
  button.title = "?";
  core.keys.set("?", () => button.click());
}
