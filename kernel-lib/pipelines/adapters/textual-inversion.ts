/** @file Textual inversions (Gal et al., arXiv:2208.01618): a word of one's own that stands for one or more vectors of the text encoder. */
import { basename, extname } from "node:path";
import { CheckpointError } from "../../core/errors.js";
import { brief } from "../../core/json.js";
import { once } from "../../core/once.js";
import type { ClipTextConfig } from "../../nets/clip-text.js";
import { isReadable, type Part } from "../../nets/parameters.js";
import { type Tokenizer, withWords } from "../../text/tokenizer.js";
import { openTensors } from "../../weights/open-tensors.js";
import type { TensorRef } from "../../weights/safetensors.js";
import { joinedUpdates } from "../../weights/weight-updates.js";
import { expectSha256, fileOf, sha256Of, splitWord } from "./adapter-file.js";

/** A textual inversion with the word that it answers to: `file`, or `file:word` as on the command line. */
export type EmbeddingChoice =
  | string
  | { readonly file: string; readonly word?: string /** which the file must have */; readonly sha256?: string };

/** A textual inversion that a model was opened with. */
export interface EmbeddingUse {
  /** as it was given */
  readonly file: string;
  readonly word: string;
  /** tokens that the word takes in a prompt */
  readonly vectors: number;
  /** of the file, in hex; computed when first asked for */
  readonly sha256: string;
}

/** What a file holds. */
interface OpenEmbedding {
  readonly use: EmbeddingUse;
  /** [vectors,D] */
  readonly rows: TensorRef;
}

const SUPPORTED = "a textual inversion: emb_params, string_to_param, or one tensor under its word";
/** Keys that name no word. A1111's files have these; there the word is the file's name. */
const UNNAMED = ["emb_params", "*"];
const TABLE = "text_model.embeddings.token_embedding.weight";

/**
 * Opens a textual inversion. Without a word of the user's it answers to its key (diffusers' `<cat-toy>`), or to its file's name (A1111).
 * @param width numbers of a token's vector, the text encoder's
 * @throws CheckpointError (file, expected, found) for a file of another kind, or vectors of another width
 */
export function openEmbedding(choice: EmbeddingChoice, width: number): OpenEmbedding {
  const asked = typeof choice === "string" ? splitWord(choice) : { file: choice.file, rest: choice.word };
  const file = fileOf(asked.file, SUPPORTED);
  const wanted = typeof choice === "string" ? undefined : choice.sha256;
  expectSha256(file, wanted);
  const { tensors } = openTensors(file, "string_to_param");
  const [[name, ref] = ["", undefined]] = tensors;
  if (tensors.has("clip_l") || tensors.has("clip_g"))
    throw new CheckpointError(file, { expected: SUPPORTED, found: "one of Stable Diffusion XL, which is not supported" });
  if (tensors.size !== 1 || !ref || /\.(weight|bias|alpha|lora_\w+)$/.test(name))
    throw new CheckpointError(file, {
      expected: SUPPORTED,
      found: `${tensors.size} tensors (${[...tensors.keys()].slice(0, 3).map(brief).join(", ") || "none"})`,
    });
  const shape = ref.shape.length === 1 ? [1, ref.shape[0]] : ref.shape;
  if (shape.length !== 2 || shape[0] < 1 || shape[1] !== width || !isReadable(ref.dtype))
    throw new CheckpointError(file, {
      expected: `${brief(name)} [vectors,${width}] in F32, F16 or BF16, as the text encoder's tokens are wide`,
      found: `[${ref.shape}], ${ref.dtype}`,
      fix: "give the checkpoint that it was trained for",
    });
  const word = asked.rest?.trim() || (UNNAMED.includes(name) ? basename(file, extname(file)) : name);
  const hash = once(() => wanted ?? sha256Of(file));
  return {
    use: {
      file: asked.file,
      word,
      vectors: shape[0],
      get sha256() {
        return hash();
      },
    },
    rows: { ...ref, shape },
  };
}

/**
 * Text encoder and tokenizer with new tokens, whose vectors follow the table's.
 * @throws CheckpointError for two files with one word
 */
export function withEmbeddings(
  { encoder, tokenizer }: { readonly encoder: Part<ClipTextConfig>; readonly tokenizer: Tokenizer },
  embeddings: readonly OpenEmbedding[],
): { readonly encoder: Part<ClipTextConfig>; readonly tokenizer: Tokenizer; readonly words: ReadonlyMap<string, readonly number[]> } {
  const words = new Map<string, readonly number[]>();
  let next = encoder.config.vocabSize;
  for (const { use } of embeddings) {
    const word = use.word.toLowerCase();
    if (words.has(word))
      throw new CheckpointError(use.file, {
        expected: "a word of its own",
        found: `${brief(use.word)}, which another file has`,
        fix: `say another: ${use.file}:word, in code { file, word }`,
      });
    words.set(
      word,
      Array.from({ length: use.vectors }, (_, k) => next + k),
    );
    next += use.vectors;
  }
  const rows = embeddings.map(({ rows }) => ({ kind: "rows", rows }) as const);
  return {
    encoder: {
      ...encoder,
      config: { ...encoder.config, vocabSize: next },
      updates: joinedUpdates(encoder.updates, new Map([[TABLE, rows]])),
    },
    tokenizer: withWords(tokenizer, words),
    words,
  };
}
