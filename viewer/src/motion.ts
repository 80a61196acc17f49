/** @file Automatic motion: the swing after a drag, and the slow turn. Both are off if the system prefers reduced motion. */
import { move } from "./controls.js";
import type { Core, Motion } from "./core.js";
import { iconButton } from "./dom.js";
import { TEXTS } from "./texts.js";

/** Time constant of a swing in seconds: its speed falls to a third (1/e). */
const SWING = 0.32;
/** Speed of the slow turn, degrees per second. */
const TURN = 5;
/** A pointer that rests this many milliseconds before it is lifted causes no swing. */
const HELD = 100;

/** Makes the automatic motion of a viewer. */
export function createMotion(core: Core): Motion {
  const less = matchMedia("(prefers-reduced-motion: reduce)");
  let [right, up, last] = [0, 0, 0]; // degrees per millisecond
  let way = 0; // direction of the slow turn: 1, -1, or 0 at rest
  let frame = 0;
  let before = 0;

  const button = iconButton("rotate", TEXTS.rotate, () => motion.rotate(way === 0 ? "on" : "off"));
  button.ariaPressed = "false";
  core.tools.prepend(button);
  core.keys.set("a", () => button.click());
  const show = () => {
    button.hidden = less.matches;
    if (less.matches) motion.rotate("off");
  };
  less.addEventListener("change", show, { signal: core.signal });

  const tick = (now: number) => {
    frame = 0;
    const passed = Math.min(50, now - before);
    before = now;
    if (way !== 0) {
      const { heading } = core.state();
      move(core, { right: (way * TURN * passed) / 1000 });
      if (core.state().heading === heading) way = -way; // the end of an open panorama: turn back
    } else {
      const fade = Math.exp(-passed / 1000 / SWING);
      move(core, { right: right * passed, up: up * passed });
      right *= fade;
      up *= fade;
      if (Math.hypot(right, up) < core.state().fov * 1e-5) return;
    }
    go();
  };
  const go = () => {
    frame ||= requestAnimationFrame(tick);
  };
  const rest = () => {
    cancelAnimationFrame(frame);
    frame = right = up = 0;
  };
  core.signal.addEventListener("abort", rest);

  const motion: Motion = {
    felt(by, at) {
      const passed = Math.max(8, at - last);
      // A mean over the last moves, so that one outlier does not cause a fast swing.
      const share = passed > 100 ? 1 : 0.5;
      right += (by.right / passed - right) * share;
      up += (by.up / passed - up) * share;
      last = at;
    },
    fling(at) {
      if (less.matches || at - last > HELD) return rest();
      before = performance.now();
      go();
    },
    still(at) {
      rest();
      last = at;
    },
    rotate(on) {
      way = on === "on" && !less.matches ? 1 : 0;
      button.ariaPressed = String(way !== 0);
      rest();
      before = performance.now();
      if (way !== 0) go();
    },
  };
  core.onInput(() => motion.rotate("off"));
  show();
  return motion;
}
