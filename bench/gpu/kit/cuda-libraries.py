#!/usr/bin/env python3
"""CUDA's libraries on this machine, where pip's nvidia packages or a CUDA toolkit put them.

usage: cuda-libraries.py folders   prints the folders that hold them, joined by ":", for LD_LIBRARY_PATH
       cuda-libraries.py load      loads each library that ONNX Runtime's CUDA 13 provider needs, and says which do not load
"""
import ctypes
import glob
import os
import sys

NEEDED = ("libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10", "libcufft.so.12", "libnvrtc.so.13", "libcudnn.so.9")
ALSO = ("libnvJitLink.so.",)  # cuBLAS and NVRTC open it by name
SYSTEM = "/usr/lib"  # the linker looks there by itself


def folders():
    places = [place for path in sys.path if path for place in glob.glob(os.path.join(path, "nvidia", "**", "lib*"), recursive=True)]
    places += glob.glob("/usr/local/cuda*/lib64") + glob.glob("/usr/local/cuda*/targets/x86_64-linux/lib")
    places += ["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib"]
    holds = lambda place: os.path.isdir(place) and any(name.startswith(NEEDED + ALSO) for name in os.listdir(place))
    return [place for place in dict.fromkeys(places) if holds(place) and not place.startswith(SYSTEM)]


def load():
    for name in NEEDED:
        try:
            library = ctypes.CDLL(name)
            version = f", version {library.cudnnGetVersion()}" if "cudnn" in name else ""
            print(f"  {name}: loads{version}")
        except OSError as error:
            print(f"  {name}: {error}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["folders"]:
            print(":".join(folders()))
        case ["load"]:
            load()
        case _:
            sys.exit(__doc__)
