"""The judge of the tokenizer: python tokenizer.py STRINGS OUT

For each tokenizer, padded as Stable Diffusion 1 and 2 do it, and with tokens added as textual inversions do, writes the
folder as transformers saves it, OUT/NAME, the ids of every string, OUT/NAME.json, and the first two as vocab.json and merges.txt too, OUT/NAME-parts.
"""
import json
import os
import sys

from clip_vocabulary import clip_tokenizer, clip_vocabulary

strings_file, out = sys.argv[1:]
with open(strings_file, encoding="utf-8") as file:
    strings = json.load(file)
vocab, merges = clip_vocabulary()
for name, options in {"sd1": {}, "sd2": {"pad_token": "!"}, "added": {}}.items():
    tokenizer = clip_tokenizer(**options)
    if name == "added":
        tokenizer.add_tokens(["<veduta>", "<veduta>_1", "Sks", "two words", "é"])
    tokenizer.save_pretrained(os.path.join(out, name))
    ids = tokenizer(strings, padding="max_length", max_length=77, truncation=True)["input_ids"]
    with open(os.path.join(out, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(ids, file)
    if name == "added":
        continue
    parts = os.path.join(out, name + "-parts")
    os.makedirs(parts)
    files = {
        "vocab.json": json.dumps(vocab),
        "merges.txt": "#version: 0.2\n" + "".join(" ".join(pair) + "\n" for pair in merges),
        "special_tokens_map.json": json.dumps({"pad_token": options.get("pad_token", "<|endoftext|>")}),
    }
    for each, text in files.items():
        with open(os.path.join(parts, each), "w", encoding="utf-8") as file:
            file.write(text)
