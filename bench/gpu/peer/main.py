#!/usr/bin/env python3
"""Seconds that a synchronised step of SyncDiffusion takes in PyTorch, on random networks of Stable Diffusion 2.0 base's sizes: what Veduta's own
steps are compared with. step.py says what the modes are."""
import argparse
import json
import math
import sys
import time

import torch
from step import Step, networks


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--modes", default="official,peer")
    parser.add_argument("--windows", type=int, default=21)
    parser.add_argument("--batches", default="8,4,2", help="windows per call of the mode peer; the first that fits is timed")
    parser.add_argument("--steps", type=int, default=1, help="timed steps, of which the fastest counts")
    parser.add_argument("--budget", type=float, default=150, help="seconds for everything; where a step would not fit, fewer windows are timed")
    parser.add_argument("--compile", action="store_true", help="torch.compile the networks of the mode peer")
    parser.add_argument("--tiny", action="store_true", help="tiny networks, to try this program without a GPU")
    parser.add_argument("--json", help="a file for the numbers")
    return parser.parse_args()


def now(device):
    if device == "cuda":
        torch.cuda.synchronize()
    return time.time()


def measure(args, mode, batch, deadline):
    """Times a step after two warm-up batches. A step that would end after the deadline is scaled up from fewer windows."""
    step = Step(args.device, mode, args.windows, args.compile, args.tiny)
    few = min(args.windows, batch + 1)
    begun = now(args.device)
    step(batch, few)
    warm = now(args.device)
    step(batch, few)
    ended = now(args.device)
    print(f"  {mode}, batch {batch}: warmed up in {ended - begun:.1f} s", flush=True)
    foreseen = (ended - warm) * (args.windows + 1) / (few + 1)  # the anchor's image counts as a window
    count = args.windows
    if ended + foreseen > deadline:
        count = min(args.windows, max(2, int(args.windows * (deadline - ended) / foreseen)))
        print(f"  {mode}: a step would take {foreseen:.0f} s; {count} of {args.windows} windows are timed, and the time is scaled up", flush=True)
    if args.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    fastest = math.inf
    for _ in range(args.steps):
        begun = now(args.device)
        result = step(batch, count)
        fastest = min(fastest, now(args.device) - begun)
        if time.time() + fastest > deadline:
            break
    return {
        "mode": mode,
        "batch": batch,
        "seconds": fastest * (args.windows + 1) / (count + 1),
        "windows": count,
        "peak_mib": round(torch.cuda.max_memory_allocated() / 2**20) if args.device == "cuda" else None,
        "finite": bool(result.isfinite().all()),
    }


def largest_that_fits(args, mode, deadline):
    batches = [1] if mode == "official" else [int(batch) for batch in args.batches.split(",")]
    for batch in batches:
        try:
            return measure(args, mode, batch, deadline)
        except RuntimeError as error:
            if "out of memory" not in str(error):
                raise
            print(f"  {mode}, batch {batch}: out of memory", flush=True)
        torch.cuda.empty_cache()
    return None


def tflop(args):
    """TFLOP per window of a guided noise, a foreseen image and a gradient, as PyTorch counts them; None before PyTorch 2.1."""
    try:
        from torch.utils.flop_counter import FlopCounterMode
    except ImportError:
        return None
    step = Step(args.device, "peer", args.windows, tiny=args.tiny)
    x = step.windows([0]).detach()

    def count(call):
        with FlopCounterMode(display=False) as counter:
            call()
        return counter.get_total_flops() / 1e12

    with torch.no_grad():
        anchor = step.lpips.features(step.foresee(x).to(step.dtype))
        found = {"noise": count(lambda: step.noise(x)), "foreseen image": count(lambda: step.foresee(x))}
    x.requires_grad_()
    found["gradient"] = count(lambda: torch.autograd.grad(step.lpips(step.foresee(x).to(step.dtype), anchor).sum(), x))
    return found


def main():
    args = options()
    if args.device == "cuda":
        torch.backends.cudnn.benchmark = True
    name = torch.cuda.get_device_name() if args.device == "cuda" else "CPU"
    sizes = (sum(p.numel() for p in net.parameters()) for net in networks("cpu" if args.tiny else "meta", args.tiny))
    print(f"PyTorch {torch.__version__}, {name}: U-Net {next(sizes):,}, decoder {next(sizes):,}, LPIPS {next(sizes):,} parameters", flush=True)
    ends, rows, modes = time.time() + args.budget, [], args.modes.split(",")
    for k, mode in enumerate(modes):
        row = largest_that_fits(args, mode, time.time() + (ends - time.time()) / (len(modes) - k))
        if row is None:
            continue
        rows.append(row)
        print(
            f"{mode}, batch {row['batch']}: {row['seconds']:.3f} s per synchronised step of {args.windows} windows, {50 * row['seconds']:.0f} s for 50; "
            f"peak {row['peak_mib']} MiB; finite {row['finite']}",
            flush=True,
        )
    counted = tflop(args) if time.time() < ends else None
    if counted:
        print("TFLOP per window: " + ", ".join(f"{key} {value:.2f}" for key, value in counted.items()))
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"device": name, "torch": torch.__version__, "rows": rows, "tflop": counted}, file, indent=1)
    return 0 if len(rows) == len(modes) else 1


if __name__ == "__main__":
    sys.exit(main())
