#!/usr/bin/env bash
# Rehearses the calls of pack.sh without a GPU: a fresh copy of the working tree, without node_modules and dist, receives the packed parts, is
# installed with no Node and no npm on the PATH, and runs verbs of on-device.sh. ONNX Runtime's real CUDA provider runs over stand-in libraries,
# which compute nothing (stand-in-cuda.py); DEVICE=cpu computes on the CPU.
# The copy is deleted at the end; OUT=folder keeps the logs.
# usage: bash bench/gpu/dry-run/dry-run.sh ["VERB ARGUMENTS" …]      each verb with its arguments in one word
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
[ -f .gpu/1/part ] || {
  echo "dry-run.sh: there is no .gpu/1/part: run bench/gpu/kit/pack.sh first" >&2
  exit 2
}

machine=$(mktemp -d "$PWD/.gpu/machine.XXXX")
trap 'rm -rf "$machine"' EXIT
mkdir -p "$machine/tree/.gpu"
git ls-files -z --cached --others --exclude-standard -- ':!shared' | while IFS= read -rd '' file; do
  [ ! -f "$file" ] || printf '%s\0' "$file" # files that were deleted are listed too
done | tar c --null -T - | tar x -C "$machine/tree"

# on_device VERB …: in an environment that has nothing but the system's programs.
on_device() {
  local name environment=(PATH=/usr/bin:/bin LANG=C.UTF-8 "VEDUTA_GPU=$machine/work" "LD_LIBRARY_PATH=$machine/stand-in")
  for name in OUT DEVICE MODEL LIMIT SIDE STAND_IN_REPORT STAND_IN_KERNELS STAND_IN_KERNEL STAND_IN_MEMORY; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  env -i "${environment[@]}" bash "$machine/tree/bench/gpu/kit/on-device.sh" "$@"
}

parts=(.gpu/[0-9]*)
for k in $(seq "${#parts[@]}"); do
  cp -r ".gpu/$k" "$machine/tree/.gpu/"
  on_device take "$k" "${#parts[@]}"
done
on_device unpack
if [ "${DEVICE:-cuda}" = cuda ]; then
  python3 "$here/stand-in-cuda.py" "$machine/work/libonnxruntime_providers_cuda.so" "$machine/stand-in"
fi
on_device check
for verb in "$@"; do
  read -ra words <<<"$verb"
  on_device "${words[@]}"
done
