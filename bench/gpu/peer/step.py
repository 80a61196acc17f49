"""One synchronised step of SyncDiffusion (arXiv:2306.05178, algorithm 1) on random networks, in two modes.

official  as the published code runs it: one window at a time, float32 weights under float16 autocast, the anchor's own gradient taken too
peer      as fast as plain PyTorch makes it: float16 weights, channels last, windows in batches, no gradient of the anchor
"""
import contextlib
import math

import torch
from networks import Decoder, Lpips, UNet, random_weights

STRIDE = 16  # latent pixels from window to window
GUIDANCE = 7.5
WEIGHT = 1e-3  # the gradient of random networks is large
# of x_t = alpha · x0 + sigma · eps, before and after the step
ALPHA, SIGMA = 0.6, 0.8
ALPHA_AFTER, SIGMA_AFTER = 0.65, math.sqrt(1 - 0.65**2)


def networks(device, tiny):
    if tiny:
        widths = ((8, 2), (16, 2), (16, 3), (16, 3), (16, 3))
        return UNet((32, 64, 64, 64), (1, 2, 2, 2), 48, groups=8), Decoder((16, 32, 32, 32), groups=8), Lpips(widths)
    with torch.device(device) if hasattr(torch, "get_default_device") else contextlib.nullcontext():  # PyTorch 2.3 makes them there
        return UNet(), Decoder(), Lpips()


def chunks(ks, size):
    return [ks[i : i + size] for i in range(0, len(ks), size)]


class Step:
    """A step of `windows` windows of 64×64 latents, 16 apart; tiny: of 16×16."""

    def __init__(self, device, mode, windows, compiled=False, tiny=False):
        self.official, self.device, self.count = mode == "official", device, windows
        nets = [random_weights(net.to(device), seed).eval() for seed, net in enumerate(networks(device, tiny))]
        half = device == "cuda" and not self.official
        self.dtype = torch.float16 if half else torch.float32
        if not self.official:
            for net in nets:
                net.requires_grad_(False)
                if half:
                    net.half().to(memory_format=torch.channels_last)
        self.unet, self.vae, self.lpips = nets
        if compiled and not self.official:
            self.unet, self.vae = torch.compile(self.unet), torch.compile(self.vae)
        self.side, context = (16, 48) if tiny else (64, 1024)
        torch.manual_seed(7)
        self.latent = torch.randn(1, 4, self.side, self.side + STRIDE * (windows - 1), device=device)
        self.text = torch.randn(2, 77, context, device=device, dtype=self.dtype)

    def autocast(self):
        return torch.autocast("cuda", dtype=torch.float16) if self.official and self.device == "cuda" else contextlib.nullcontext()

    def noise(self, x):
        """Guided noise of latents x [N,4,h,w]."""
        text = self.text.repeat_interleave(x.shape[0], 0)
        without, prompt = self.unet(torch.cat([x, x]).to(self.dtype), torch.tensor(501.0, device=x.device), text).float().chunk(2)
        return without + GUIDANCE * (prompt - without)

    def foresee(self, x):
        """The decoded image that latents x [N,4,h,w] predict, in [-1, 1]."""
        return self.vae(((x - SIGMA * self.noise(x)) / ALPHA).to(self.dtype)) * 2 - 1

    def denoise(self, x):
        """The step of DDIM."""
        eps = self.noise(x)
        return ALPHA_AFTER * (x - SIGMA * eps) / ALPHA + SIGMA_AFTER * eps

    def windows(self, ks):
        return torch.cat([self.latent[..., STRIDE * k : STRIDE * k + self.side] for k in ks])

    def __call__(self, batch, count=None):
        """The first `count` windows, `batch` per call; returns the fused latent."""
        ks = list(range(self.count if count is None else count))
        middle = len(ks) // 2
        moved = self.windows(ks)
        with self.autocast():
            with torch.no_grad():
                anchor = self.foresee(self.windows([middle]))
                features = None if self.official else self.lpips.features(anchor.to(self.dtype))
            parts = chunks(ks, batch) if self.official else chunks([k for k in ks if k != middle], batch)
            for part in parts:
                x = self.windows(part).detach().requires_grad_()
                image = self.foresee(x)
                # the published code computes the anchor's features for every window
                loss = self.lpips(image, self.lpips.features(anchor)) if self.official else self.lpips(image.to(self.dtype), features)
                (gradient,) = torch.autograd.grad(loss.sum(), x)
                for row, k in enumerate(part):
                    if k != middle:
                        moved[k] -= WEIGHT * gradient[row]
            with torch.no_grad():
                done = torch.cat([self.denoise(moved[part]) for part in chunks(ks, batch)])
        return self.fuse(ks, done)

    def fuse(self, ks, done):
        value, weight = torch.zeros_like(self.latent), torch.zeros_like(self.latent)
        for k in ks:
            value[..., STRIDE * k : STRIDE * k + self.side] += done[k]
            weight[..., STRIDE * k : STRIDE * k + self.side] += 1
        return value / weight.clamp(min=1)
