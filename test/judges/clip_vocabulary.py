"""CLIP's vocabulary, from the list of merges that open_clip_torch carries."""
import gzip
import importlib.util
import os

MERGES = 49152 - 256 - 2  # openai/CLIP, clip/simple_tokenizer.py


def byte_characters():
    """Printable characters for the 256 bytes, in CLIP's order."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + k) for k in range(len(others))]


def clip_vocabulary():
    """The ids of CLIP's 49,408 tokens, and the merges as pairs."""
    package = os.path.dirname(importlib.util.find_spec("open_clip").origin)
    with gzip.open(os.path.join(package, "bpe_simple_vocab_16e6.txt.gz"), "rt", encoding="utf-8") as file:
        merges = [tuple(line.split()) for line in file.read().split("\n")[1 : MERGES + 1]]
    characters = byte_characters()
    tokens = characters + [each + "</w>" for each in characters] + ["".join(pair) for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: k for k, token in enumerate(tokens)}, merges


def clip_tokenizer(**options):
    """transformers' tokenizer of this vocabulary, for 77 tokens."""
    from transformers import CLIPTokenizer

    vocab, merges = clip_vocabulary()
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77, **options)
