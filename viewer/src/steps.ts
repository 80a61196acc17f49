/** @file The scrubber through the steps' pictures: slide, play, loop, speed. */
import type { Core } from "./core.js";
import { choice, drawIcon, iconButton, make } from "./dom.js";
import { TEXTS } from "./texts.js";

/** Steps per second. */
const SPEEDS = { "2": "2 per second", "5": "5 per second", "10": "10 per second", "20": "20 per second" } as const;

/** Adds the scrubber, if the panorama has steps. */
export function stepsBar(core: Core): void {
  const { steps = [] } = core.spec;
  if (steps.length < 2) return;
  let speed = 5;
  let timer = 0;
  let [playing, around] = [false, false];
  const last = steps.length - 1;

  const play = iconButton("play", TEXTS.play, () => (playing ? pause() : start()));
  const loop = iconButton("loop", TEXTS.loop, () => {
    around = !around;
    loop.ariaPressed = String(around);
  });
  loop.ariaPressed = "false";
  const scrubber = make("input", { type: "range", min: "0", max: String(last), ariaLabel: TEXTS.steps });
  const label = make("output");
  const pace = choice(TEXTS.speed, SPEEDS, (value) => {
    speed = Number(value);
  });
  pace.value = "5";
  core.bar.before(make("div", { className: "veduta-steps" }, play, scrubber, label, loop, pace));

  const show = () => {
    drawIcon(play, playing ? "pause" : "play");
    play.title = play.ariaLabel = playing ? TEXTS.pause : TEXTS.play;
  };
  const pause = () => {
    playing = false;
    clearTimeout(timer);
    show();
  };
  const start = () => {
    playing = true;
    show();
    if (core.state().step === last) core.set({ step: 0 });
    next();
  };
  const next = () => {
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const now = core.state().step ?? 0;
      if (now === last && !around) return pause();
      const then = now === last ? 0 : now + 1;
      await core.load({ ...core.state(), step: then }).catch(pause); // the next step is shown only after it has loaded
      if (!playing || core.signal.aborted) return;
      core.set({ step: then });
      next();
    }, 1000 / speed);
  };
  const go = (to: number) => () => {
    pause();
    core.set({ step: Math.min(last, Math.max(0, (core.state().step ?? 0) + to)) });
  };
  scrubber.addEventListener("input", () => {
    pause();
    core.set({ step: Number(scrubber.value) });
  });
  core.keys.set("[", go(-1));
  core.keys.set("]", go(1));
  core.keys.set(" ", () => play.click());
  core.signal.addEventListener("abort", pause);
  core.onState(({ step }) => {
    if (step === null) return;
    scrubber.value = String(step);
    label.value = scrubber.ariaValueText = steps[step].label;
  });
  // The neighbours of the shown step are loaded ahead.
  core.onDrawn(({ state: { step } }) => {
    for (const near of [1, -1].map((by) => (step ?? 0) + by)) if (steps[near]) core.load({ ...core.state(), step: near }).catch(() => {});
  });
}
