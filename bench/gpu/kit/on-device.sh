#!/usr/bin/env bash
# Runs on the GPU machine, anywhere inside a copy of the repository. `on-device.sh help` lists the verbs.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
kit=$root/bench/gpu/kit
work=${VEDUTA_GPU:-${TMPDIR:-/tmp}/veduta-gpu} # parts, programs and the checkpoint stay here from call to call
logs=${OUT:-$work/out}
device=${DEVICE:-cuda}
model=${MODEL:-$work/sd2-base}

usage() {
  cat <<'END'
usage: bash bench/gpu/kit/on-device.sh VERB …
  take K N                      keeps part K of N, which lies in .gpu/K
  install                       unpack, then check
  unpack                        joins the parts, unpacks Node, ONNX Runtime and the build, finds CUDA's libraries
  check                         asks each CUDA library to load, then runs a first graph on the device
  why                           the same graph, with ONNX Runtime's own error messages
  first                         steps, peer and profile, each within a time limit: the sequence for a fresh machine
  steps PRECISION BATCHES N     seconds per synchronised step, windows per call from BATCHES ("4,8"), N timed steps each
  peer [ARGS]                   the same step in PyTorch (bench/gpu/peer/main.py)
  profile KIND BATCH PRECISION [stored|checkpointed]   time per operator of one network call; KIND: noise, gradient or decode
  prove [ARGS]                  npm run prove:gpu without npm
  with OPTIONS VERB …           VERB under options of the CUDA provider, e.g. with prefer_nhwc=1 steps float16 4 1
  run COMMAND …                 any command, with Node and the CUDA libraries found
Variables: OUT, the folder for logs; LIMIT, seconds that a verb may take; DEVICE, default cuda; MODEL, a checkpoint folder, default one of
random numbers at the sizes of Stable Diffusion 2.0 base; VEDUTA_GPU, the folder where parts and programs are kept.
END
}

say() { echo "[$(date +%T)] $*"; }
die() {
  say "STOPPED: $*"
  exit 1
}

# boxed NAME SECONDS COMMAND …: runs the command within the time limit; its output also goes to NAME.log.
boxed() {
  local name=$1 seconds=$2 status
  shift 2
  say "$name, at most $seconds s"
  timeout -k 5 "$seconds" "$@" 2>&1 | tee "$logs/$name.log"
  status=${PIPESTATUS[0]}
  if [ "$status" = 124 ]; then
    say "$name was stopped after $seconds s; LIMIT=seconds allows more"
  elif [ "$status" != 0 ]; then
    say "$name ended with exit code $status"
  fi
  return "$status"
}

environment() {
  [ -f "$work/env" ] || die "nothing is installed on this machine: it is a fresh one, start again at call 1"
  # shellcheck source=/dev/null
  . "$work/env"
  cd "$root" || exit 1
}

checkpoint() {
  [ -n "${MODEL:-}" ] || [ -f "$model/model_index.json" ] || boxed random-weights 150 node bench/gpu/sd2.mjs "$model"
}

take() {
  local k=$1 count=$2
  [ "$k" != 1 ] || rm -rf "$work/parts"
  mkdir -p "$work/parts"
  echo "$count" >"$work/count"
  mv "$root/.gpu/$k/part" "$work/parts/$k" || die "there is no .gpu/$k/part: send the folder .gpu/$k with this call"
  say "part $k of $count is kept, $(stat -c %s "$work/parts/$k") bytes"
}

# decompress FILE: writes its contents to standard output, by Python where xz is missing.
decompress() {
  if command -v xz >/dev/null; then
    xz -dc "$1"
  else
    python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$1"
  fi
}

# join: the parts become the payload's files, each with the checksum that it had.
join() {
  local count k parts=()
  count=$(cat "$work/count" 2>/dev/null) || die "no part was taken on this machine: start again at call 1"
  for k in $(seq "$count"); do
    [ -f "$work/parts/$k" ] || die "part $k of $count is not on this machine, which may be a new one: start again at call 1"
    parts+=("$work/parts/$k")
  done
  cat "${parts[@]}" | tar x -C "$work" || die "the parts do not unpack: start again at call 1"
  (cd "$work" && sha256sum --quiet -c SHA256) || die "a part was damaged on its way: start again at call 1"
}

unpack() {
  local folders native=$root/node_modules/onnxruntime-node/bin/napi-v6/linux/x64
  join
  decompress "$work/app.tar.xz" | tar x --no-same-owner -C "$root" || die "app.tar.xz does not unpack"
  if [ -f "$work/programs.tar.xz" ]; then # a part made by pack.sh --dist has none: those of before stay
    decompress "$work/programs.tar.xz" | tar x --no-same-owner -C "$work" || die "programs.tar.xz does not unpack"
    decompress "$work/cuda.so.xz" >"$work/libonnxruntime_providers_cuda.so" || die "cuda.so.xz does not unpack"
    rm "$work/programs.tar.xz" "$work/cuda.so.xz"
  fi
  cp -r "$work/node_modules/." "$root/node_modules/" || die "no Node packages were unpacked on this machine: start again at call 1"
  ln -sf "$work/libonnxruntime_providers_cuda.so" "$native/" || die "there is no CUDA provider: start again at call 1"
  "$work/bin/node" --version >/dev/null || die "Node does not start here: $(ldd "$work/bin/node" | grep 'not found')"
  folders=$(python3 "$kit/cuda-libraries.py" folders)
  cat >"$work/env" <<END
export PATH="$work/bin:\$PATH"
export LD_LIBRARY_PATH="$folders${folders:+:}\${LD_LIBRARY_PATH:-}"
END
}

check() {
  local missing
  environment
  say "Node $(node --version), LD_LIBRARY_PATH=$LD_LIBRARY_PATH"
  missing=$(ldd "$work/libonnxruntime_providers_cuda.so" | grep 'not found')
  [ -z "$missing" ] || say "MISSING for the CUDA provider: $missing"
  python3 "$kit/cuda-libraries.py" load
  nvidia-smi --query-gpu=name,memory.total,memory.used,driver_version --format=csv,noheader 2>/dev/null || say "nvidia-smi is not there, or sees no GPU"
  boxed check "${LIMIT:-90}" node bench/gpu/check.mjs "$device"
  grep -q '"device"' "$logs/check.log" || die "$device does not work here: 'why' prints ONNX Runtime's own messages"
}

steps() { boxed "steps-$1-$2" "${LIMIT:-240}" node bench/gpu/steps.mjs "$device" "$1" "$2" "$3" "$model"; }

peer() { boxed peer "${LIMIT:-200}" python3 "$root/bench/gpu/peer/main.py" --json "$logs/peer.json" "$@"; }

# The first run measures seconds per call. Kernels must wait for each other to be timed one by one, which slows the second run down.
profile() {
  boxed "call-$1-$2-$3" "${LIMIT:-120}" node bench/gpu/profile.mjs "$model" "$device" "$@"
  CUDA_LAUNCH_BLOCKING=1 PROFILE=$work boxed "profile-$1-$2-$3" "${LIMIT:-120}" node bench/gpu/profile.mjs "$model" "$device" "$@"
}

prove() {
  case " $* " in
    *" --model "* | *" --device cpu "*) ;;
    *)
      checkpoint || exit
      set -- --model "$model" "$@"
      ;;
  esac
  boxed prove "${LIMIT:-400}" node bench/prove-gpu.mjs "$@"
}

# want NUMBER USAGE ARGUMENTS …: ends with the verb's usage where it got too few arguments.
want() {
  [ $(($# - 2)) -ge "$1" ] || {
    echo "on-device.sh: want $2" >&2
    exit 2
  }
}

mkdir -p "$work" "$logs"
logs=$(cd "$logs" && pwd)
verb=${1:-help}
shift || true
case $verb in
  take) want 2 "take K N" "$@" && take "$@" ;;
  install)
    { unpack && check; } 2>&1 | tee "$logs/install.log"
    exit "${PIPESTATUS[0]}"
    ;;
  unpack) unpack ;;
  check) check ;;
  why) environment && boxed why "${LIMIT:-60}" node bench/gpu/why.mjs ;;
  steps) want 3 "steps PRECISION BATCHES N" "$@" && environment && checkpoint && steps "$@" ;;
  peer) peer "$@" ;;
  profile) want 3 "profile KIND BATCH PRECISION [stored|checkpointed]" "$@" && environment && checkpoint && profile "$@" ;;
  prove) environment && prove "$@" ;;
  first)
    environment && checkpoint || exit
    LIMIT=170 steps float16 4,8 1
    LIMIT=90 peer --budget 80
    LIMIT=75 profile gradient 4 float16
    ;;
  with)
    want 2 "with OPTIONS VERB …" "$@"
    [ -f "$work/cuda-options.so" ] || die "cuda-options.so was not packed: pack.sh had no C compiler"
    CUDA_OPTIONS=$1 LD_PRELOAD=$work/cuda-options.so exec bash "$kit/on-device.sh" "${@:2}"
    ;;
  run) environment && "$@" ;;
  help) usage ;;
  *)
    echo "on-device.sh: there is no verb $verb" >&2
    usage >&2
    exit 2
    ;;
esac
