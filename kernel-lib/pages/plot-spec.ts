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
