/** @file What moves by itself: the swing after a drag, and the slow turn. Both rest where the reader's system asks for less motion. */
import { move } from "./controls.js";
import type { Core, Motion } from "./core.js";
import { iconButton } from "./dom.js";
import { TEXTS } from "./texts.js";

/** Seconds in which a swing loses all but a third of its speed. */
const SWING = 0.32;
/** Degrees a second of the slow turn. */
const TURN = 5;
/** Milliseconds between a hand's last move and its lifting, beyond which it meant to stop there. */
const HELD = 100;

export function createMotion(core: Core): Motion {
  const less = matchMedia("(prefers-reduced-motion: reduce)");
  let [right, up, last] = [0, 0, 0]; // degrees a millisecond
  let way = 0; // of the slow turn: 1, -1, or 0 at rest
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
      if (core.state().heading === heading) way = -way; // an open panorama's end
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
      // The mean over the last moves, so that one odd event does not throw the picture.
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
