#!/usr/bin/env python3
"""Zeroes the machine code of every GPU architecture but one in a CUDA shared library, so that the library compresses well.

usage: keep-one-architecture.py IN.so OUT.so 90        (90: H100 and H200)

A library holds fat binaries: a header (magic number, version u16, header size u16, size of the rest u64), then one entry per architecture
(kind u16: 1 PTX, 2 machine code; header size u32 at 4; payload size u64 at 8; architecture u32 at 28). Only payloads are zeroed, so the
file keeps its size and its layout.
"""
import struct
import sys

MAGIC = b"\x50\xed\x55\xba"


def keep(data, architecture):
    """Zeroes payloads of `data` in place; returns how many bytes were zeroed."""
    position = zeroed = 0
    while (position := data.find(MAGIC, position)) >= 0:
        header_size, rest = struct.unpack_from("<HQ", data, position + 6)
        if header_size != 16 or rest > len(data):  # the magic number by chance
            position += len(MAGIC)
            continue
        entry, end = position + header_size, position + header_size + rest
        while entry < end:
            kind, _, entry_header, size = struct.unpack_from("<HHIQ", data, entry)
            if kind not in (1, 2) or entry_header < 32 or size > rest:
                break
            if struct.unpack_from("<I", data, entry + 28)[0] != architecture:
                data[entry + entry_header : entry + entry_header + size] = bytes(size)
                zeroed += size
            entry += entry_header + size
        position = end
    return zeroed


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, target, architecture = sys.argv[1:]
    with open(source, "rb") as file:
        library = bytearray(file.read())
    count = keep(library, int(architecture))
    with open(target, "wb") as file:
        file.write(library)
    print(f"{count >> 20} MiB of code for other architectures than {architecture} zeroed")
