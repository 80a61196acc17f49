/** @file The exercises of lesson 10: what the noise remembers. */
import { createRng, randn } from "../../core/random.js";
import type { Tensor } from "../../core/tensor.js";
import { ddimNoise, ddimSpread, ddimStep } from "../../diffusion/ddim.js";
import { lincomb, x0FromEps } from "../../diffusion/notation.js";
import type { Hop } from "../../diffusion/schedule.js";
import { aFunction, aNumber, aTensor } from "./answer-kinds.js";
import { isOneOf, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The noises of a latent code of 100 steps of which 20 are skipped: 81. */
export const noisesOfCode: Exercise<number> = {
  name: "10.1",
  answer: aNumber,
  accepts: (noises) => noises === 100 - 20 + 1,
  because:
    "80 steps and the start: 81. The official code asks for this number by hand (white_box_steps); one too few, and it draws the rest afresh without a word.",
  mistakes: [
    { when: isOneOf(80), hint: "The start is a noise too." },
    { when: isOneOf(100, 101), hint: "Steps that are skipped draw nothing." },
    { when: isOneOf(20, 21), hint: "Those are the steps that are skipped." },
    { when: isOneOf(120, 121), hint: "What is skipped is left out, not added." },
    { when: isOneOf(82), hint: "One noise for the start, and one for each step; none for the end." },
    { when: isOneOf(79), hint: "The last step that is run draws a noise as well, and so does the start." },
    { when: isOneOf(1), hint: "So it would be without noise in the steps: eta 0." },
  ],
  hint: "One for the start, and one for each step that is run.",
};

/** What lesson 10 hands over: the hops of its schedule. */
export interface OwnHops {
  readonly hops: readonly Hop[];
}

type NoiseOf = (xt: Tensor, eps: Tensor, xnext: Tensor, hop: Hop, eta: number) => Tensor;
const [xt, eps, xnext] = [1, 2, 3].map((seed) => randn(createRng(seed), [1, 2, 3, 3]));
/** Three hops of the schedule, with little and with much fresh noise. */
const samples = ({ hops }: OwnHops): [Tensor, Tensor, Tensor, Hop, number][] =>
  [0, Math.floor(hops.length / 2), hops.length - 1].flatMap((at) =>
    [0.1, 1].map((eta): [Tensor, Tensor, Tensor, Hop, number] => [xt, eps, xnext, hops[at], eta]),
  );
const gives = (wrong: NoiseOf) => (answer: NoiseOf, given: OwnHops) => sameAs(samples(given), wrong, 1e-4)(answer);
const meanOf = (x: Tensor, e: Tensor, { now, next }: Hop, eta: number): Tensor =>
  lincomb(next.alpha, x0FromEps(x, e, now), ddimSpread(now, next, eta).d, e);
const over = (difference: Tensor, by: number): Tensor => lincomb(1 / by, difference, 0, difference);

/** The noise with which a step leads from x_t to x_next. */
export const noiseOfStep: Exercise<NoiseOf, OwnHops> = {
  name: "10.2",
  answer: aFunction(aTensor),
  accepts: gives((x, e, after, { now, next }, eta) => ddimNoise(x, e, after, now, next, { eta })),
  because: "It is the sampler's step, solved for the noise. The rest is a loop.",
  mistakes: [
    {
      when: gives((x, e, after, hop, eta) => lincomb(1, after, -1, meanOf(x, e, hop, eta))),
      hint: "That is what the mean is short of; it is not yet divided.",
    },
    {
      when: gives((x, e, after, { now, next }) => lincomb(1, after, -1, ddimStep(x, e, now, next).prev)),
      hint: "That is the step without fresh noise (eta = 0), and nothing is divided.",
    },
    {
      when: gives((x, e, after, { now, next }, eta) =>
        over(lincomb(1, after, -1, ddimStep(x, e, now, next).prev), ddimSpread(now, next, eta).s),
      ),
      hint: "The mean is that of eta = 0: with fresh noise the predicted one comes in with d, not with sigma'.",
    },
    {
      when: gives((x, e, after, hop, eta) => over(lincomb(1, meanOf(x, e, hop, eta), -1, after), ddimSpread(hop.now, hop.next, eta).s)),
      hint: "Right but for the sign.",
    },
    {
      when: gives((x, e, after, hop, eta) => over(lincomb(1, after, -1, meanOf(x, e, hop, eta)), ddimSpread(hop.now, hop.next, eta).d)),
      hint: "Divided by the wrong one of s and d.",
    },
    {
      when: gives((x, _e, after, hop, eta) => over(lincomb(1, after, -1, x), ddimSpread(hop.now, hop.next, eta).s)),
      hint: "The step does not start from x_t itself but from mu(x_t).",
    },
    {
      when: gives((x, e, after, hop) => over(lincomb(1, after, -1, meanOf(x, e, hop, 1)), ddimSpread(hop.now, hop.next, 1).s)),
      hint: "eta is not used: it is handed over.",
    },
    {
      when: gives((x, e, after, hop, eta) => {
        const { s, d } = ddimSpread(hop.now, hop.next, eta);
        return over(lincomb(1, after, -1, lincomb(hop.now.alpha, x0FromEps(x, e, hop.now), d, e)), s);
      }),
      hint: "The mean lies at the next level: its alpha is the next one's.",
    },
    { when: gives((_, e) => e), hint: "That is the predicted noise; the fresh one is asked for." },
    { when: gives((x) => x), hint: "That is x_t as it came." },
  ],
  hint: "Write down mu(x_t) with the next level's alpha and with d; then solve x_next = mu + s · z for z.",
};

/** The rows that the U-Net sees in an edit of 25 steps with guidance 3 for the edit alone: 75. */
export const rowsOfEdit: Exercise<number> = {
  name: "10.3",
  answer: aNumber,
  accepts: (looks) => looks === 25 * (1 + 2),
  because: "75, three per step, in 25 network calls. DDIB sees as many in 50 calls, SDEdit 50, for it does not follow the source.",
  mistakes: [
    { when: isOneOf(25), hint: "Those are the network calls; a call has several rows." },
    { when: isOneOf(50), hint: "Both paths, or both texts: one of the three is missing." },
    { when: isOneOf(100), hint: "The source's guidance is 1: its negative prompt is not needed." },
    { when: isOneOf(3), hint: "That is one step." },
    { when: isOneOf(78, 72), hint: "25 steps are 25 calls: no one more for the start, no one less for the end." },
    { when: isOneOf(150), hint: "Each path is asked once per step." },
    { when: isOneOf(28, 27), hint: "The rows of a step count in every step: multiply." },
  ],
  hint: "In every step: which prompts are asked about for the source's path, and which for the edited one?",
};
