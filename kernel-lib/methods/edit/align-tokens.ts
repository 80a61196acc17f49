/** @file Finds the tokens of one prompt in another. Pure functions over token ids. */

/**
 * The global alignment of two token lists with most equal pairs (Needleman and Wunsch 1970, with 1 for an equal pair and 0 for a gap; different
 * tokens are never paired).
 *
 *   score(i,j) = max(score(i−1,j), score(i,j−1), score(i−1,j−1) + 1 where source_i = target_j)
 *
 * @returns for each token of the target the index of its partner in the source, or −1 for a new one. Of several best alignments, the one that
 * pairs the latest tokens.
 */
export function alignTokens(source: readonly number[], target: readonly number[]): number[] {
  const [n, m] = [source.length, target.length];
  const score = Array.from({ length: n + 1 }, () => new Int32Array(m + 1));
  for (let i = 1; i <= n; i++)
    for (let j = 1; j <= m; j++) {
      const pair = source[i - 1] === target[j - 1] ? score[i - 1][j - 1] + 1 : 0;
      score[i][j] = Math.max(score[i - 1][j], score[i][j - 1], pair);
    }
  const partners = Array<number>(m).fill(-1);
  for (let i = n, j = m; i > 0 && j > 0; ) {
    if (source[i - 1] === target[j - 1]) partners[--j] = --i;
    else if (score[i - 1][j] >= score[i][j - 1]) i--;
    else j--;
  }
  return partners;
}

/**
 * Completes an alignment of two prompts to whole contexts of `length` tokens: begin, prompt, end, padding. The begins, the ends and the paddings that
 * follow them are partners of each other; where the source has fewer paddings, its last token is the partner of the rest.
 * @param partners of the target's tokens, in the source's, as `alignTokens` gives them
 * @param sourceTokens how many tokens the source's prompt has
 */
export function alignContexts(partners: readonly number[], sourceTokens: number, length: number): number[] {
  const end = partners.length + 1; // of the target
  return Array.from({ length }, (_, j) => {
    if (j === 0) return 0;
    if (j >= end) return Math.min(sourceTokens + 1 + (j - end), length - 1);
    const partner = partners[j - 1];
    return partner < 0 ? -1 : partner + 1;
  });
}

/**
 * Where a word's tokens lie in a prompt's. The text before an occurrence is tokenized to count its tokens, so a word that ends like another
 * ("sun", "midsun") is told from it, and a word of several tokens gives all of them.
 * @param tokensOf tokens of a text, without begin, end and padding; must not join tokens across words
 * @returns indices in the prompt's tokens; empty if the word is not in the prompt. Letter case does not matter.
 */
export async function wordTokens(
  prompt: string,
  word: string,
  tokensOf: (text: string) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const [text, sought] = [prompt, word].map((x) => x.normalize("NFC").toLowerCase());
  const [all, own] = [await tokensOf(text), await tokensOf(sought)];
  const found: number[] = [];
  if (own.length === 0) return found;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) {
    const before = text.slice(0, at);
    if (runsOn(before, sought) || runsOn(sought, text.slice(at + sought.length))) continue;
    const start = (await tokensOf(before)).length;
    if (own.every((id, k) => all[start + k] === id)) found.push(...own.map((_, k) => start + k));
  }
  return found;
}

/** Whether a word runs on from one text into the next. */
const runsOn = (a: string, b: string): boolean => /[\p{L}\p{N}]$/u.test(a) && /^[\p{L}\p{N}]/u.test(b);
