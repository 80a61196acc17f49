/** @file The window that is chosen in a run, shared by all its figures and viewers through one event of the page. */

export interface Selection {
  readonly run: string;
  readonly window: number | null;
}

const EVENT = "veduta:window";
const chosen = new Map<string, number | null>();

export const chosenWindow = (run: string | undefined): number | null => (run === undefined ? null : (chosen.get(run) ?? null));

/** Tells the page. The event comes back to the sender too, by `onChoice`. */
export function choose(selection: Selection): void {
  document.dispatchEvent(new CustomEvent<Selection>(EVENT, { detail: selection }));
}

export function onChoice(listen: (selection: Selection) => void): void {
  document.addEventListener(EVENT, (event) => {
    const { run, window } = (event as CustomEvent<Selection>).detail;
    chosen.set(run, window);
    listen({ run, window });
  });
}
