/** @file The chosen window of each run, shared by the run's figures and viewers through an event of the page. */

/** The chosen window of a run. */
export interface Selection {
  readonly run: string;
  readonly window: number | null;
}

const EVENT = "veduta:window";
const chosen = new Map<string, number | null>();

/** The chosen window of a run; null if there is none. */
export const chosenWindow = (run: string | undefined): number | null => (run === undefined ? null : (chosen.get(run) ?? null));

/** Chooses a window on the page. The sender gets the event too, by `onChoice`. */
export function choose(selection: Selection): void {
  document.dispatchEvent(new CustomEvent<Selection>(EVENT, { detail: selection }));
}

/** Listens to choices. */
export function onChoice(listen: (selection: Selection) => void): void {
  document.addEventListener(EVENT, (event) => {
    const { run, window } = (event as CustomEvent<Selection>).detail;
    chosen.set(run, window);
    listen({ run, window });
  });
}
