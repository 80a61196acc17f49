#!/usr/bin/env python3
"""Builds CUDA libraries that compute nothing, so that ONNX Runtime's real CUDA provider runs without a GPU: it places and fuses operators,
allocates memory, launches kernels and copies as it would. What it asks for is counted; results are zeros.

usage: stand-in-cuda.py PROVIDER.so FOLDER          PROVIDER: libonnxruntime_providers_cuda.so; needs cc, nm and strings
       LD_LIBRARY_PATH=FOLDER STAND_IN_REPORT=1 node …

STAND_IN_REPORT=1    prints, when the process ends, calls, copies and the most memory that was held
STAND_IN_KERNELS=n   prints the n kernels with the most threads
STAND_IN_KERNEL=s    prints every launch of a kernel with s in its name: grid x block
STAND_IN_MEMORY=MiB  of the device, default 81559
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUNTIME = "libcudart.so.13"


def undefined_symbols(provider):
    lines = subprocess.check_output(["nm", "-D", "--undefined-only", provider], text=True).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def cudnn_names(provider):
    """The provider opens cuDNN by name, so its functions are strings."""
    text = subprocess.check_output(["strings", "-a", provider], text=True)
    return set(re.findall(r"^cudnn[A-Z]\w+$", text, re.M))


def completed(source, symbols):
    """The C source with a function for every symbol that it does not define: one that succeeds. Products are counted."""
    with open(os.path.join(HERE, source)) as file:
        body = file.read()
    defined = set(re.findall(r"(\w+)\([^;{}]*\) \{", body))
    for name in sorted(symbols - defined):
        if "gemm" in name.lower():
            body += f"int {name}(void) {{ stand_in_counts[PRODUCTS]++; return 0; }}\n"
        elif name.startswith("cudnnCreate"):
            body += f"int {name}(Pointer *result) {{ *result = object; return 0; }}\n"
        else:
            body += f"int {name}(void) {{ return 0; }}\n"
    return body


def build(folder, library, body):
    """Compiles one library; its symbols carry the library's name as their version, as CUDA's do."""
    versions = os.path.join(folder, library + ".map")
    with open(versions, "w") as file:
        file.write(library + " { global: *; };\n")
    runtime = [] if library == RUNTIME else [f"-L{folder}", f"-l:{RUNTIME}"]
    flags = ["-w", "-shared", "-fPIC", "-O1", f"-I{HERE}", f"-Wl,-soname,{library}", f"-Wl,--version-script={versions}"]
    target = os.path.join(folder, library)
    subprocess.run(["cc", *flags, "-o", target, "-x", "c", "-", "-x", "none", *runtime], input=body, text=True, check=True)
    os.remove(versions)


def main(provider, folder):
    os.makedirs(folder, exist_ok=True)
    wanted = undefined_symbols(provider)
    lt = {name for name in wanted if name.startswith("cublasLt")}
    libraries = {
        RUNTIME: completed("cudart.c", {name for name in wanted if re.match(r"cuda[A-Z]|__cuda", name)}),
        "libcublasLt.so.13": completed("cublas-lt.c", lt),
        "libcublas.so.13": completed("cublas.c", {name for name in wanted if name.startswith("cublas")} - lt),
        "libcudnn.so.9": completed("cudnn.c", cudnn_names(provider)),
        "libcuda.so.1": "int cuInit(unsigned flags) { return 0; }\n",
        "libcurand.so.10": "int stand_in(void) { return 0; }\n",  # the provider needs the file alone
    }
    for library, body in libraries.items():  # the runtime first: the others link to it
        build(folder, library, body)
    print(f"stand-in libraries: {', '.join(sorted(libraries))}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
