/** @file The bundled model's tokenizer: every word of its captions is one token. */
import { tokenizerFiles as clipTokenizerFiles, type TokenizerFiles } from "../../../kernel-lib/text/tokenizer-files.js";
import { CAPTION_WORDS } from "./captions.js";

/** Tokens a prompt holds, the two specials included. */
export const MODEL_MAX_LENGTH = 24;

/** The tokenizer's files. Deterministic; words hold lower-case ASCII letters only, as those of the captions do. */
export const tokenizerFiles = (words: readonly string[] = CAPTION_WORDS): TokenizerFiles =>
  clipTokenizerFiles({ words, contextLength: MODEL_MAX_LENGTH });
