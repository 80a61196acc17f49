/** The part of Plotly that is used; the package has no types. */
declare module "plotly.js-dist" {
  export type Attributes = Record<string, unknown>;
  export interface PlotPoint {
    readonly curveNumber: number;
    readonly pointNumber?: number;
    readonly x?: unknown;
    readonly y?: unknown;
    readonly customdata?: unknown;
  }
  export interface PointEvent {
    /** the mouse event */
    readonly event: { readonly detail: number };
    readonly points: readonly PlotPoint[];
  }
  /** The element of a drawn figure. */
  export interface Drawn extends HTMLElement {
    data: Attributes[];
    layout: Attributes;
    on(event: "plotly_click", listen: (event: PointEvent) => void): void;
    on(event: "plotly_doubleclick" | "plotly_relayout" | "plotly_restyle", listen: () => void): void;
  }
  const Plotly: {
    newPlot(root: HTMLElement, data: Attributes[], layout: Attributes, config: Attributes): Promise<Drawn>;
    relayout(root: HTMLElement, change: Attributes): Promise<Drawn>;
    restyle(root: HTMLElement, change: Attributes): Promise<Drawn>;
    react(root: HTMLElement, data: Attributes[], layout: Attributes): Promise<Drawn>;
    purge(root: HTMLElement): void;
    toImage(figure: { data: Attributes[]; layout: Attributes }, options: Attributes): Promise<string>;
    Plots: { resize(root: HTMLElement): Promise<unknown> };
  };
  export default Plotly;
}
