/** @file Work that follows controls: it runs again with the latest values only, and what it shows replaces what it showed. */
import { kernelHost } from "../core/host.js";
import type { Control } from "./controls.js";
import { type Displayable, JUPYTER_DISPLAY, liveOutput, type MimeBundle } from "./display.js";

/** The values of controls, by their names. */
export type ValuesOfControls<Controls> = { readonly [Name in keyof Controls]: Controls[Name] extends Control<infer Value> ? Value : never };

/** What the work gets beside the values. */
export interface InteractContext {
  /** aborted when newer values are there, and by `stop`: give it to a run, which then ends within one network call */
  readonly signal: AbortSignal;
}

/** Work that follows controls. */
export interface Interaction {
  /** Ends the work, and does not follow the controls any more. */
  stop(): void;
  /** resolves when the work on the latest values has ended */
  settled(): Promise<void>;
}

/**
 * Shows controls, and below them what `work` returns: a displayable, or any value. When a value changes, the work that runs is stopped by its signal
 * and begins again with the latest values; values in between are left out.
 *
 *     await interact({ weight: slider({ min: 0, max: 40, value: 20 }) }, async ({ weight }, { signal }) => {
 *       const run = syncDiffusion(model, { prompt: "hills", steps: 4, weight, signal });
 *       for (;;) {
 *         const { done, value } = await run.next();
 *         if (done) return image(value.panorama);
 *       }
 *     });
 *
 * `track` inside of the work would show an output of its own each time.
 * @returns once the first result is shown
 */
export async function interact<Controls extends Readonly<Record<string, Control<never> | Control<unknown>>>>(
  controls: Controls,
  work: (values: ValuesOfControls<Controls>, context: InteractContext) => unknown,
): Promise<Interaction> {
  const all = Object.values(controls) as Control<unknown>[];
  for (const each of all) await each.show();
  const output = liveOutput();
  let current: AbortController | undefined;
  let again = false;
  let running: Promise<void> | undefined;
  const values = () => Object.fromEntries(Object.entries(controls).map(([name, each]) => [name, each.value])) as ValuesOfControls<Controls>;

  async function once(): Promise<void> {
    const stop = new AbortController();
    current = stop;
    try {
      const result = await work(values(), { signal: stop.signal });
      if (!stop.signal.aborted) await output.set(await formsOf(result));
    } catch (error) {
      if (!stop.signal.aborted) await output.set(failed(error));
    } finally {
      current = undefined;
    }
  }
  async function follow(): Promise<void> {
    do {
      again = false;
      await once();
    } while (again);
    running = undefined;
  }
  const start = () => {
    running ??= follow();
    return running;
  };
  const ends = all.map((each) =>
    each.observe(() => {
      again = running !== undefined;
      current?.abort(new DOMException("newer values are there", "AbortError"));
      void start();
    }),
  );
  const stop = () => {
    for (const end of ends) end();
    again = false;
    current?.abort(new DOMException("the interaction was stopped", "AbortError"));
  };
  kernelHost()?.signal.addEventListener("abort", stop, { once: true });
  await start();
  return {
    stop,
    async settled() {
      while (running) await running;
    },
  };
}

/** The forms of what the work returned. */
async function formsOf(result: unknown): Promise<MimeBundle> {
  if (result === undefined) return { "text/plain": "" };
  const show = (result as Partial<Displayable> | null)?.[JUPYTER_DISPLAY];
  return typeof show === "function" ? show.call(result as Displayable) : { "text/plain": String(result) };
}

const failed = (error: unknown): MimeBundle => ({
  "text/plain": error instanceof Error ? `${error.name}: ${error.message}` : String(error),
});
