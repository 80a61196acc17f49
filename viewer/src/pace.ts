/**
 * @file How many pixels a frame has: all of them when the view rests; while it turns, as many as this graphics card draws in time. A processor
 * that stands in for a graphics card needs half a second for a view of 1280 × 720.
 */

/** Milliseconds that a frame of a moving view may take. */
const BUDGET = 20;
/** Smallest scale of a moving view: below it nothing can be recognised. */
const LEAST = 0.4;
/** Two changes of the view within this time, in milliseconds, are a movement. */
const APART = 1000;
/** A movement's first frames that are timed. The first may wait for a shader or a texture. */
const TIMED = 3;

/** The pace of a viewer's frames. */
export interface Pace {
  /** Tells that the view changed. @returns the scale of its frame: 1 is every device pixel */
  moved(now: number): number;
  /** Draws a frame at a scale, and learns from the time of a movement's first ones. To wait for the graphics card costs time itself. */
  timed<T>(scale: number, draw: () => T): T;
}

/** Makes the pace of a viewer. @param finish waits until the graphics card has drawn */
export function createPace(finish: () => void): Pace {
  let [last, frames] = [Number.NEGATIVE_INFINITY, 0];
  let moving = 0.7; // until a frame was timed
  return {
    moved(now) {
      frames = now - last < APART ? frames + 1 : 0;
      last = now;
      return frames === 0 ? 1 : moving;
    },
    timed(scale, draw) {
      if (frames === 0 || frames > TIMED) return draw();
      const begun = performance.now();
      const drawn = draw();
      finish();
      const took = Math.max(0.1, performance.now() - begun);
      moving = Math.min(1, Math.max(LEAST, scale * Math.sqrt(BUDGET / took))); // the cost is that of the pixels
      return drawn;
    },
  };
}
