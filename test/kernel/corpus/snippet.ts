/** @file What a snippet of the corpus is. */

/** A claim, a cell's code, and the text of its value. */
export type Snippet = readonly [claim: string, code: string, value: string];

/** A claim, a cell's code, and the number of the error that TypeScript must report. */
export type Fault = readonly [claim: string, code: string, error: number];
