"""One peer of `npm run bench -- peers` in PyTorch: what Veduta computes, by diffusers' networks or by the official SyncDiffusion code.

python peer.py WHAT FOLDER: for each line of standard input it works once and prints {"wall", "processor"} in seconds; at the end {"peak"} in MiB.
WHAT is step:B (a synchronised step, B windows at a time), official, block, or vgg. FOLDER has feed.json and feed.safetensors for a step.
"""

import base64
import json
import os
import re
import sys
import time
import types
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

torch.set_num_threads(int(os.environ["THREADS"]))


def say(**numbers):
    print(json.dumps(numbers), flush=True)


def each_line(work):
    """Works once for each line, and says how long it took."""
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        took = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
        say(**took, **({} if result is None else {"latent": base64.b64encode(result.numpy().tobytes()).decode()}))


class TinyLpips(nn.Module):
    """The bundled model's perceptual network: LPIPS over levels of two 3x3 convolutions, its epsilon inside the root."""

    def __init__(self, folder):
        super().__init__()
        config = json.loads((folder / "config.json").read_text())
        backbone, linear = [{key: each.float() for key, each in load_file(folder / f"{name}.safetensors").items()} for name in ("backbone", "linear")]
        self.epsilon, self.levels = config["epsilon"], len(config["channels"])
        self.convs = [(backbone[f"features.{k}.weight"], backbone[f"features.{k}.bias"]) for k in range(2 * self.levels)]
        self.linear = [linear[f"lin{k}.model.1.weight"].reshape(1, -1, 1, 1) for k in range(self.levels)]

    def maps(self, x):
        h, maps = F.avg_pool2d(x, 2), []
        for k in range(self.levels):
            h = F.max_pool2d(h, 2) if k else h
            for weight, bias in self.convs[2 * k : 2 * k + 2]:
                h = F.relu(F.conv2d(h, weight, bias, padding=1))
            maps.append(h / torch.sqrt((h**2).sum(1, keepdim=True) + self.epsilon))
        return maps

    def forward(self, a, b):
        pairs = zip(self.maps(a), self.maps(b), self.linear)
        return sum(F.conv2d((x - y) ** 2, w).mean([2, 3], keepdim=True) for x, y, w in pairs)


def networks(feed):
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    model = Path(feed["model"])
    unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet", local_files_only=True).float().eval().requires_grad_(False)
    vae = AutoencoderKL.from_pretrained(model, subfolder="vae", local_files_only=True).float().eval().requires_grad_(False)
    scheduler = DDIMScheduler.from_pretrained(model, subfolder="scheduler", local_files_only=True)
    return unet, vae, scheduler, TinyLpips(model / "perceptual")


def batched_steps(feed, noise, text, batch):
    """The steps of SyncDiffusion, `batch` windows a call; the anchor, whose distance to itself is 0, has no gradient. A step for each line."""
    unet, vae, scheduler, lpips = networks(feed)
    scheduler.set_timesteps(feed["steps"])
    side, width, anchor, lefts = feed["side"], noise.shape[3], feed["anchor"], feed["lefts"]
    columns = [[(left + k) % width for k in range(side)] for left in lefts]
    others = [k for k in range(len(lefts)) if k != anchor]
    latent = noise.clone()

    def predict(x, t):
        n = x.shape[0]
        texts = torch.cat([text[:1].expand(n, -1, -1), text[1:].expand(n, -1, -1)])
        negative, prompt = unet(torch.cat([x, x]), t, encoder_hidden_states=texts).sample.chunk(2)
        return negative + feed["guidance"] * (prompt - negative)

    def foreseen(x, t):
        x0 = scheduler.step(predict(x, t), t, x).pred_original_sample
        return (vae.decode(x0 / vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1) * 2 - 1

    def step(index, t):
        nonlocal latent
        xs = torch.cat([latent[:, :, :, c] for c in columns])
        with torch.no_grad():
            image = foreseen(xs[anchor : anchor + 1], t)
        gradient = torch.zeros_like(xs)
        for start in range(0, len(others), batch):
            part = others[start : start + batch]
            x = xs[part].clone().requires_grad_()
            gradient[part] = torch.autograd.grad(lpips(foreseen(x, t), image).sum(), x)[0]
        xs = xs - feed["weight"] * feed["decay"] ** index * gradient
        with torch.no_grad():
            parts = [xs[k : k + batch] for k in range(0, len(lefts), batch)]
            prev = torch.cat([scheduler.step(predict(x, t), t, x).prev_sample for x in parts])
        value, count = torch.zeros_like(latent), torch.zeros_like(latent)
        for k, c in enumerate(columns):
            value[:, :, :, c] += prev[k]
            count[:, :, :, c] += 1
        latent = value / count
        return latent

    todo = enumerate(scheduler.timesteps)
    each_line(lambda: step(*next(todo)))


def official_steps(feed, noise, text, folder):
    """
    The official sample_syncdiffusion, from a folder with its syncdiffusion/, unchanged but for: no lower bounds of sizes, the checkpoint's scaling
    factor, our windows (the anchor in the middle of the list), noise, text embeddings and perceptual network.
    """
    source = (Path(folder) / "syncdiffusion/syncdiffusion_model.py").read_text()
    unet, vae, scheduler, lpips = networks(feed)
    source = re.sub(r"\n        assert [^\n]*", "", source).replace("1 / 0.18215", f"1 / {vae.config.scaling_factor}")
    for name, names in {"transformers": ["CLIPTextModel", "CLIPTokenizer"], "lpips": [], "torchvision": [], "torchvision.transforms": []}.items():
        sys.modules[name] = types.ModuleType(name)
        for each in names:
            setattr(sys.modules[name], each, None)
    sys.path.insert(0, folder)
    official = types.ModuleType("official")
    exec(compile(source, "syncdiffusion_model.py", "exec"), official.__dict__)
    sync = official.SyncDiffusion.__new__(official.SyncDiffusion)
    nn.Module.__init__(sync)
    sync.device, sync.unet, sync.vae, sync.scheduler, sync.percept_loss = torch.device("cpu"), unet, vae, scheduler, lpips
    unet.in_channels = unet.config.in_channels
    sync.get_text_embeds = lambda *_: text
    width, side, lefts, anchor = noise.shape[3], feed["side"], feed["lefts"], feed["anchor"]
    turn = (anchor - len(lefts) // 2) % len(lefts)
    ends = [left + side if left + side <= width else left + side - width for left in lefts]
    views = [(0, side, left, end) for left, end in zip(lefts, ends)]
    official.get_views = lambda *_, **__: views[turn:] + views[:turn]
    torch.randn = lambda *_, **__: noise.clone()
    where, latents = torch.where, []
    torch.where = lambda c, a, b: latents.append(where(c, a, b)) or latents[-1]

    def clock(timesteps):
        todo = iter(timesteps)
        for _ in sys.stdin:
            wall, processor = time.perf_counter(), time.process_time()
            yield next(todo)  # the code does its step here
            took = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
            say(**took, latent=base64.b64encode(latents[-1].numpy().tobytes()).decode())

    official.tqdm = clock
    decode = sync.decode_latents

    class Over(Exception):
        """All steps that were asked for are done."""

    def decode_windows(x):
        if x.shape[3] == width:
            raise Over  # the panorama: the steps alone are measured
        return decode(x)

    sync.decode_latents = decode_windows
    sizes = {"height": 8 * side, "width": 8 * width, "latent_size": side, "stride": lefts[1] - lefts[0]}
    numbers = {"num_inference_steps": feed["steps"], "guidance_scale": feed["guidance"], "sync_weight": feed["weight"], "sync_decay_rate": feed["decay"]}
    try:
        sync.sample_syncdiffusion("x", "", loop_closure=True, **sizes, **numbers)
    except Over:
        pass


def block():
    """Stable Diffusion 2's uppermost residual block and transformer, 64x64, two rows: forward and gradient with respect to the input."""
    from diffusers.models.resnet import ResnetBlock2D
    from diffusers.models.transformers.transformer_2d import Transformer2DModel

    resnet = ResnetBlock2D(in_channels=320, out_channels=320, temb_channels=1280, groups=32, eps=1e-5)
    attention = Transformer2DModel(5, 64, in_channels=320, num_layers=1, cross_attention_dim=1024, norm_num_groups=32, use_linear_projection=True)
    for part in (resnet, attention):
        part.eval().requires_grad_(False)
    x, embedding, text, seed = torch.randn(2, 320, 64, 64), torch.randn(2, 1280), torch.randn(2, 77, 1024), torch.randn(2, 320, 64, 64)
    return x, lambda h: (attention(resnet(h, embedding), encoder_hidden_states=text).sample * seed).sum()


def vgg():
    """The five feature maps of VGG16 at 256x256, each squared and averaged: forward and gradient."""
    stages, channels = [], 3
    for widths in [[64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3]:
        layers = []
        for width in widths:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        stages.append(nn.Sequential(*layers).requires_grad_(False))

    def loss(h):
        total = 0
        for k, stage in enumerate(stages):
            h = stage(F.max_pool2d(h, 2) if k else h)
            total = total + (h * h).mean()
        return total

    return torch.randn(1, 3, 256, 256), loss


def gradients(x, loss):
    def work():
        h = x.clone().requires_grad_()
        torch.autograd.grad(loss(h), h)

    each_line(work)


def rate():
    """Of a product of two 1024x1024 matrices, in GFLOP/s of one processor second: what a crippled BLAS shows in."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(8):
        begun = time.process_time()
        a @ b
        best = min(best, time.process_time() - begun)
    return 2 * 1024**3 / best / 1e9


what, folder = sys.argv[1], Path(sys.argv[2])
say(ready=f"torch {torch.__version__}", rate=rate())
if what in ("block", "vgg"):
    gradients(*{"block": block, "vgg": vgg}[what]())
else:
    feed, tensors = json.loads((folder / "feed.json").read_text()), load_file(folder / "feed.safetensors")
    if what == "official":
        official_steps(feed, tensors["noise"], tensors["text"], os.environ["VEDUTA_OFFICIAL_SYNCDIFFUSION"])
    else:
        batched_steps(feed, tensors["noise"], tensors["text"], int(what.split(":")[1]))
status = Path("/proc/self/status")
say(peak=int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text()).group(1)) / 1024 if status.exists() else 0)
