/** @file Classifier-free guidance (Ho & Salimans 2207.12598, eq. 6 in Stable Diffusion's convention). */
import type { Tensor } from "../core/tensor.js";
import { lincomb } from "./notation.js";

/**
 * eps_negative + scale · (eps_prompt − eps_negative), all [N,c,h,w]. The same formula guides v and x0, which are affine in eps.
 * @param scale 1 keeps the prompt's prediction, 0 the negative prompt's, larger ones overshoot towards the prompt
 */
export const guide = (negative: Tensor, prompt: Tensor, scale: number): Tensor => lincomb(1 - scale, negative, scale, prompt);
