/** @file What a Plotly figure is made of, between the library and the page's script: plain data that JSON keeps. */

/** A trace as Plotly's reference describes it (`type`, `x`, `y`, …), for any of its types. Typed arrays are allowed. */
export type PlotTrace = Readonly<Record<string, unknown>>;

/** A layout as Plotly's reference describes it (`title`, `xaxis`, `yaxis`, …). */
export type PlotLayout = Readonly<Record<string, unknown>>;

export interface PlotSpec {
  readonly data: readonly PlotTrace[];
  readonly layout: PlotLayout;
  /** pixels, still and live; the width follows the page */
  readonly height: number;
  /** trace by trace, what a dark page shows in place of the trace's own: attributes by path, such as "line.color" */
  readonly dark?: readonly (Readonly<Record<string, unknown>> | null)[];
  readonly link?: PlotLink;
}

/** How a figure shows the window that is chosen in any figure or viewer of its run. */
export interface PlotLink {
  /** which run: `runIdOf` its steps */
  readonly run: string;
  /** of each trace, the window whose line it is; null for others. Absent where no line is a window's. */
  readonly lines?: readonly (number | null)[];
  /**
   * of each window, the rectangles that frame it, [x0, x1, y0, y1]: x on the figure's x axis, y in shares of its height. Cells of a heat map
   * carry their window as `customdata`.
   */
  readonly frames?: readonly (readonly (readonly [number, number, number, number])[])[];
}
