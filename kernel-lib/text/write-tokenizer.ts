/** @file Writes a CLIP tokenizer as the files of a checkpoint's tokenizer/ folder, whatever it was read from. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TokenizerSource } from "./tokenizer-folder.js";

/**
 * Writes vocab.json, merges.txt, special_tokens_map.json and tokenizer_config.json, as transformers' CLIPTokenizer reads them.
 * @param folder is made where it is missing
 */
export function writeTokenizer(
  folder: string,
  { vocab, merges, added, contextLength, special: { bos, eos, pad, unk } }: TokenizerSource,
): void {
  mkdirSync(folder, { recursive: true });
  const roles = { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk };
  const decoder = [...added].map(([content, { id, normalized }]) => [id, { content, normalized, ...AS_THEY_ARE }] as const);
  const config = {
    tokenizer_class: "CLIPTokenizer",
    model_max_length: contextLength,
    do_lower_case: true,
    ...roles,
    ...(decoder.length > 0 && { added_tokens_decoder: Object.fromEntries(decoder) }),
  };
  const files = {
    "vocab.json": JSON.stringify(Object.fromEntries(vocab)),
    "merges.txt": `#version: 0.2\n${merges.map((pair) => pair.join(" ")).join("\n")}\n`,
    "special_tokens_map.json": `${JSON.stringify(roles, null, 2)}\n`,
    "tokenizer_config.json": `${JSON.stringify(config, null, 2)}\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

const AS_THEY_ARE = { lstrip: false, rstrip: false, single_word: false, special: false } as const;
