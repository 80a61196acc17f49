#!/usr/bin/env bash
# Packs what Veduta needs on a GPU machine without Node and without a network: Node, ONNX Runtime with its CUDA provider, the build and the
# packages that it imports. The pack is cut into parts .gpu/1, .gpu/2, … so that the working tree and one part stay below 64 MiB, and the calls
# to make are printed. The first run compresses for some minutes; the results are kept in .gpu/cache.
# usage: bash bench/gpu/kit/pack.sh [--dist]
#   --dist   only the build has changed and the machine is warm: one part, without the programs
set -euo pipefail
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$kit/../../.."

PROVIDER=com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9 # the npm package with ONNX Runtime's CUDA 13 provider
ONNXRUNTIME=1.29.0                                        # the version of that provider: onnxruntime-node must have the same
ARCHITECTURE=90                                           # of the GPU: 90 for H100 and H200
CALL=$((64 << 20))                                        # bytes that one call may bring
SPARE=$((3 << 20))                                        # left for the headers of archives
cache=$PWD/.gpu/cache

what=everything
case ${1:-} in
  "") ;;
  --dist) what=dist ;;
  *)
    sed -n 2,6p "$0" >&2
    exit 2
    ;;
esac
[ "$(uname -sm)" = "Linux x86_64" ] || {
  echo "pack.sh: got $(uname -sm), want Linux x86_64, as the GPU machine has: it packs this machine's Node" >&2
  exit 2
}
MiB() { awk -v n="$1" 'BEGIN {printf "%.1f MiB", n / 1048576}'; }

# fetch NAME@VERSION FOLDER: unpacks an npm package into FOLDER.
fetch() {
  mkdir -p "$2"
  tar xzf "$2/$(npm pack --silent --pack-destination "$2" "$1")" -C "$2" --strip-components=1
  rm "$2"/*.tgz
}

pack_provider() {
  local folder
  [ ! -f "$cache/cuda-$ARCHITECTURE.so.xz" ] || return 0
  echo "ONNX Runtime's CUDA provider: fetching, keeping architecture $ARCHITECTURE, compressing …" >&2
  folder=$(mktemp -d "$cache/provider.XXXX")
  fetch "$PROVIDER" "$folder/package"
  mv "$folder/package/Plugins/Linux/x64/libonnxruntime_providers_shared.so" "$cache/"
  python3 "$kit/keep-one-architecture.py" "$folder/package/Plugins/Linux/x64/libonnxruntime_providers_cuda.so" "$folder/cuda.so" "$ARCHITECTURE" >&2
  xz -9e -c "$folder/cuda.so" >"$folder/cuda.so.xz"
  mv "$folder/cuda.so.xz" "$cache/cuda-$ARCHITECTURE.so.xz"
  rm -r "$folder"
}

pack_programs() {
  local folder packages
  programs=$cache/programs-$(node -p process.version)-$ONNXRUNTIME-$(sha256sum package-lock.json | cut -c 1-8).tar.xz
  [ ! -f "$programs" ] || return 0
  echo "Node $(node -p process.version) and onnxruntime-node $ONNXRUNTIME: compressing …" >&2
  folder=$(mktemp -d "$cache/programs.XXXX")
  packages=$folder/root/node_modules
  mkdir -p "$folder/root/bin"
  cp "$(node -p process.execPath)" "$folder/root/bin/node"
  strip -s "$folder/root/bin/node" 2>/dev/null || true # smaller where binutils is there
  fetch "onnxruntime-node@$ONNXRUNTIME" "$packages/onnxruntime-node"
  fetch "onnxruntime-common@$ONNXRUNTIME" "$packages/onnxruntime-common"
  find "$packages" -name '*.map' -delete
  find "$packages/onnxruntime-node/bin/napi-v6" -mindepth 2 -maxdepth 2 ! -path '*/linux/x64' -exec rm -r {} +
  cp "$cache/libonnxruntime_providers_shared.so" "$packages/onnxruntime-node/bin/napi-v6/linux/x64/"
  cp -r --parents node_modules/@img/sharp-linux-x64 node_modules/@img/sharp-libvips-linux-x64 "$folder/root"
  tar c -C "$folder/root" --sort=name --owner=0 --group=0 . | xz --x86 --lzma2=preset=9e >"$folder/programs.tar.xz"
  mv "$folder/programs.tar.xz" "$programs"
  rm -r "$folder"
}

# The build and the JavaScript packages that it imports; what only readers and compilers use is left out.
pack_build() {
  node bench/gpu/kit/packages.mjs >.gpu/payload/list
  tar c --sort=name --owner=0 --group=0 --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.mts' --exclude='*.d.cts' --exclude='*.md' \
    --exclude='dist/viewer' dist -T .gpu/payload/list | xz -6 >.gpu/payload/app.tar.xz
  rm .gpu/payload/list
}

# Bytes of the working tree: tracked files and those that git does not ignore, and shared/ where it is there.
tree_bytes() {
  {
    git ls-files -z --cached --others --exclude-standard -- ':!shared' | sort -zu | xargs -0 stat -c %s 2>/dev/null || true # deleted files
    if [ -d shared ]; then du -sb shared | cut -f 1; fi
  } | awk '{sum += $1} END {print sum + 0}'
}

mkdir -p "$cache"
npm run --silent build >&2
find .gpu -mindepth 1 -maxdepth 1 -name '[0-9p]*' -exec rm -r {} + # parts and a payload of before
mkdir .gpu/payload
if [ "$what" = everything ]; then
  pack_provider
  pack_programs
  cp "$cache/cuda-$ARCHITECTURE.so.xz" .gpu/payload/cuda.so.xz
  cp "$programs" .gpu/payload/programs.tar.xz
fi
pack_build
cc -shared -fPIC -O1 -o .gpu/payload/cuda-options.so "$kit/cuda-options.c" -ldl || echo "no C compiler: the verb 'with' will not be there" >&2
(cd .gpu/payload && sha256sum -- * >SHA256)
tar c -C .gpu/payload --sort=name . >.gpu/payload.tar
rm -r .gpu/payload

tree=$(tree_bytes)
room=$((CALL - SPARE - tree))
[ "$room" -ge $((4 << 20)) ] || {
  echo "pack.sh: the working tree has $(MiB "$tree"), so a call of $(MiB "$CALL") has no room for parts: move untracked files away" >&2
  exit 1
}
count=$(bash "$kit/cut.sh" .gpu/payload.tar "$room" .gpu)
rm .gpu/payload.tar

here="bash bench/gpu/kit/on-device.sh"
echo "The working tree has $(MiB "$tree"). $count calls, each with the working tree and one folder:"
for k in $(seq "$count"); do
  command="$here take $k $count"
  seconds=120
  if [ "$what" = dist ]; then
    command="$command && $here install"
  elif [ "$k" = "$count" ]; then
    command="$command && $here install && $here first"
    seconds=560
  fi
  printf '\ncall %s: %s in all, at most %s s\n  folder   .gpu/%s\n  command  %s\n' \
    "$k" "$(MiB $((tree + $(stat -c %s ".gpu/$k/part"))))" "$seconds" "$k" "$command"
done
[ "$what" = dist ] || printf '\nThen, with the working tree alone (bench/gpu/README.md says what each prints):\n  command  %s\n  command  %s\n  command  %s\n' \
  "$here prove --device cuda --quick" "$here steps float16 8 2" "$here profile gradient 4 float16"
