/** @file Cross-attention control: what two prompts and the user's options mean for the attention of an edit (Hertz et al., arXiv:2208.01626). */
import { type Tensor, tensor, zeros } from "../../core/tensor.js";
import type { ControlMaps } from "../../diffusion/capabilities.js";
import { choiceOption, type DefaultedOf, type OptionSpec, realOption } from "../option-table.js";
import { alignContexts, alignTokens, wordTokens } from "./align-tokens.js";
import type { PromptEditing } from "./edit-method.js";

/** Words of the prompt and what their attention is multiplied by. */
export type WordWeights = Readonly<Record<string, number>>;

const weightsWant = 'finite numbers by word, such as "snow=2,sun=0.5"';
const weightsFit = (value: unknown): boolean => {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return entries.length > 0 && entries.every(([word, weight]) => word.trim() !== "" && Number.isFinite(weight));
};
const weightsOption: OptionSpec<WordWeights> = {
  means: "words of the prompt and what their attention is multiplied by while cross-attention is controlled",
  want: weightsWant,
  fits: weightsFit,
  flag: {
    value: "list",
    parse(list) {
      const pairs = list.split(",").map((pair) => {
        const at = pair.lastIndexOf("=");
        return [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim() === "" ? Number.NaN : Number(pair.slice(at + 1))] as const;
      });
      const weights = Object.fromEntries(pairs);
      if (!weightsFit(weights)) throw new RangeError(`want ${weightsWant}`);
      return weights;
    },
    word: (weights) =>
      Object.entries(weights)
        .map(([word, weight]) => `${word}=${weight}`)
        .join(","),
  },
};

/** The options of attention control. Defaults of the steps: Hertz et al.'s notebooks. */
export const CONTROL_OPTIONS = {
  control: choiceOption({
    means:
      "keeps the source's attention in the first steps; replace: of all tokens, the prompts having equally many; refine: of the tokens that both prompts have; reweight: as refine, and multiplies words by weights",
    choices: ["replace", "refine", "reweight"],
    otherwise: "none",
  }),
  crossSteps: realOption({ means: "share of the steps, from the first, with controlled cross-attention", least: 0, most: 1, default: 0.8 }),
  selfSteps: realOption({
    means: "share of the steps, from the first, in which self-attention over at most 16² latent pixels is the source's",
    least: 0,
    most: 1,
    default: 0.4,
  }),
  weights: weightsOption,
} as const;

type ControlOptions = DefaultedOf<typeof CONTROL_OPTIONS>;

/** The options of attention control as a run records them: none without control. */
export type ResolvedControl =
  | { readonly control?: undefined }
  | (Omit<ControlOptions, "control"> & { readonly control: NonNullable<ControlOptions["control"]> });

/** Checks the options of control. @throws TypeError if something that they need is missing */
export function resolveControl(
  who: string,
  { control, crossSteps, selfSteps, weights }: ControlOptions,
  { prompt, sourcePrompt, sourceText }: { readonly prompt?: string; readonly sourcePrompt?: string; readonly sourceText?: Tensor },
): ResolvedControl {
  if (control === undefined) {
    if (weights) throw new TypeError(`${who}: got weights without control; add control "reweight", or "replace" or "refine"`);
    return {};
  }
  if (control === "reweight" && !weights) throw new TypeError(`${who}: control "reweight" without weights; name words of the prompt`);
  if (prompt === undefined || sourcePrompt === undefined || sourceText)
    throw new TypeError(`${who}: control aligns the tokens of prompt and sourcePrompt; give these instead of text and sourceText`);
  return { control, crossSteps, selfSteps, weights };
}

/**
 * The maps of every hop; undefined where nothing is controlled. With P_s the source's probabilities of a layer, P_t the edited row's own, from(j)
 * the source's token that is partner of the prompt's token j, and w_j a token's weight, step i of n has
 *
 *   i < crossSteps·n   P̂_t[·,j] = w_j·P_s[·,from(j)], or w_j·P_t[·,j] for a new token      cross-attention
 *   i < selfSteps·n    P̂_t = P_s                                                           self-attention, at most 16² pixels
 *
 * Rows of negative prompts are not controlled. Differs from Hertz et al.'s notebooks: "replace" pairs tokens one to one, where theirs spreads
 * a word over a word of another token count; paddings are paired from the end token on, where theirs pairs equal positions.
 * @throws RangeError, at the first step, for "replace" with prompts of different token counts, and for a word that the prompt does not have
 */
export async function attentionControl(
  { tokenize, hops }: Pick<PromptEditing, "tokenize" | "hops">,
  options: ResolvedControl & { readonly prompt?: string; readonly sourcePrompt?: string },
): Promise<(index: number) => ControlMaps | undefined> {
  if (options.control === undefined) return () => undefined;
  const { control, crossSteps, selfSteps, weights = {}, prompt = "", sourcePrompt = "" } = options;
  const end = (await tokenize("")).ids[1];
  const tokensOf = async (text: string) => {
    const { ids } = await tokenize(text);
    return ids.slice(1, ids.indexOf(end, 1));
  };
  const length = (await tokenize(prompt)).ids.length;
  const [source, target] = [await tokensOf(sourcePrompt), await tokensOf(prompt)];
  if (control === "replace" && source.length !== target.length)
    throw new RangeError(
      `control "replace": prompts of ${source.length} and ${target.length} tokens; use refine, or prompts of equal length`,
    );
  const partners = control === "replace" ? target.map((_, k) => k) : alignTokens(source, target);
  const factors = Array<number>(length).fill(1);
  for (const [word, weight] of Object.entries(weights)) {
    const at = await wordTokens(prompt, word, tokensOf);
    if (at.length === 0) throw new RangeError(`weights: "${word}" is no word of the prompt "${prompt}"`);
    for (const k of at) factors[k + 1] = weight; // the first token is the begin
  }
  const on = crossMaps(alignContexts(partners, source.length, length), factors);
  const off = { fromSource: zeros([length, length]), fromOwn: tensor(Array<number>(length).fill(1), [length]) };
  const n = hops.length;
  return (index) => ({ ...(index < crossSteps * n ? on : off), selfBlend: Number(index < selfSteps * n) });
}

/** The maps of cross-attention: partners of the prompt's tokens in the source's, −1 for none, and a factor for each token. */
export function crossMaps(partners: readonly number[], factors: readonly number[]): Omit<ControlMaps, "selfBlend"> {
  const length = partners.length;
  const fromSource = zeros([length, length]);
  for (const [j, i] of partners.entries()) if (i >= 0) fromSource.data[i * length + j] = factors[j];
  const own = partners.map((i, j) => (i >= 0 ? 0 : factors[j]));
  return { fromSource, fromOwn: tensor(own, [length]) };
}
