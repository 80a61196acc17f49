/** @file A Plotly figure as the library passes it to the page's script: plain JSON data. */

/** A trace as Plotly's reference describes it (`type`, `x`, `y`, …), for any of its types. Typed arrays are allowed. */
export type PlotTrace = Readonly<Record<string, unknown>>;

/** A layout as Plotly's reference describes it (`title`, `xaxis`, `yaxis`, …). */
export type PlotLayout = Readonly<Record<string, unknown>>;

/** A Plotly figure, still and live. */
export interface PlotSpec {
  readonly data: readonly PlotTrace[];
  readonly layout: PlotLayout;
  /** in pixels; the width follows the page */
  readonly height: number;
  /** for each trace, the attributes that a dark page changes, by path, such as "line.color" */
  readonly dark?: readonly (Readonly<Record<string, unknown>> | null)[];
  readonly link?: PlotLink;
}

/** How a figure shows the window that was chosen in any figure or viewer of its run. */
export interface PlotLink {
  /** the run's id, by `runIdOf` */
  readonly run: string;
  /** for each trace, the window whose line it is; null for others. Absent if no trace is a window's line. */
  readonly lines?: readonly (number | null)[];
  /**
   * for each window, the rectangles that frame it, [x0, x1, y0, y1]: x on the figure's x axis, y as a fraction of its height. Cells of a heat
   * map carry their window as `customdata`.
   */
  readonly frames?: readonly (readonly (readonly [number, number, number, number])[])[];
}

/** What a figure on the page shows. */
export interface PlotState {
  /**
   * What the axes show by Plotly's names, such as "xaxis": two numbers (powers of ten on a logarithmic axis), or two texts on an axis of dates. An
   * axis that fits its data is absent.
   */
  readonly axes: Readonly<Record<string, readonly [number | string, number | string]>>;
  /** the traces that the legend hides, by their places in the data */
  readonly hidden: readonly number[];
  /** the window chosen in the figures of this run; null: none */
  readonly window: number | null;
  /** the point clicked last: its trace, its place in it (null for a trace without points of its own), and its values; null: none */
  readonly point: {
    readonly trace: number;
    readonly index: number | null;
    readonly x: number | string | null;
    readonly y: number | string | null;
  } | null;
}
