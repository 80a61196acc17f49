"""The networks of Stable Diffusion 2.0 base and LPIPS over VGG16, as their sizes are published, for random weights.

Written for this benchmark in plain PyTorch. Sources of the shapes: the configurations of diffusers 0.15.1 (UNet2DConditionModel, AutoencoderKL)
and of lpips 0.1.4. Their numbers of parameters are 865,910,724 (U-Net), 49,490,199 (decoder) and 14,716,160 (LPIPS), as of the published weights.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

SDPA = getattr(F, "scaled_dot_product_attention", None)  # PyTorch 2.0 and later


def attend(q, k, v):
    """Attention of q, k, v [N,heads,tokens,d]."""
    if SDPA is not None:
        return SDPA(q, k, v)
    return (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1) @ v


class Attention(nn.Module):
    """Multi-head attention from x [N,tokens,width] to a context [N,tokens,C]."""

    def __init__(self, width, context, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(n, width, bias=False) for n in (width, context, context))
        self.to_out = nn.Linear(width, width)

    def forward(self, x, context):
        q, k, v = (f(t).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f, t in ((self.to_q, x), (self.to_k, context), (self.to_v, context)))
        return self.to_out(attend(q, k, v).transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    """A transformer block over the pixels of x [N,C,h,w]: self-attention, attention to the text, a gated feed-forward net."""

    def __init__(self, c, context, heads, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, 1e-6)
        self.proj_in, self.proj_out = nn.Linear(c, c), nn.Linear(c, c)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(c) for _ in range(3))
        self.attn1, self.attn2 = Attention(c, c, heads), Attention(c, context, heads)
        self.ff_in, self.ff_out = nn.Linear(c, 8 * c), nn.Linear(4 * c, c)

    def forward(self, x, text):
        n, c, h, w = x.shape
        t = self.proj_in(self.norm(x).permute(0, 2, 3, 1).reshape(n, h * w, c))
        s = self.norm1(t)
        t = t + self.attn1(s, s)
        t = t + self.attn2(self.norm2(t), text)
        value, gate = self.ff_in(self.norm3(t)).chunk(2, -1)
        t = t + self.ff_out(value * F.gelu(gate))
        return x + self.proj_out(t).reshape(n, h, w, c).permute(0, 3, 1, 2)


class Resnet(nn.Module):
    """A residual block, shifted by the timestep's embedding where `time`, its width, is not 0."""

    def __init__(self, c, out, time, groups, eps):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, c, eps), nn.GroupNorm(groups, out, eps)
        self.conv1, self.conv2 = nn.Conv2d(c, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, out) if time else None
        self.shortcut = nn.Conv2d(c, out, 1) if c != out else nn.Identity()

    def forward(self, x, time=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if self.time_emb_proj is not None:
            h = h + self.time_emb_proj(F.silu(time))[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class Up(nn.Module):
    """Nearest-neighbour upsampling by 2, then a convolution."""

    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class UNet(nn.Module):
    """x [N,4,h,w], timestep t (a scalar), text [N,77,1024] -> noise [N,4,h,w]."""

    def __init__(self, channels=(320, 640, 1280, 1280), heads=(5, 10, 20, 20), context=1024, layers=2, groups=32):
        super().__init__()
        self.width, time = channels[0], 4 * channels[0]
        res = lambda c, out: Resnet(c, out, time, groups, 1e-5)
        tf = lambda c, i: Transformer(c, context, heads[i], groups)
        self.time = nn.Sequential(nn.Linear(channels[0], time), nn.SiLU(), nn.Linear(time, time))
        self.conv_in = nn.Conv2d(4, channels[0], 3, padding=1)
        self.down, skips, c, last = nn.ModuleList(), [channels[0]], channels[0], len(channels) - 1
        for i, out in enumerate(channels):
            for _ in range(layers):
                self.down.append(nn.ModuleList([res(c, out)] + ([tf(out, i)] if i < last else [])))
                skips.append(c := out)
            if i < last:
                self.down.append(nn.ModuleList([nn.Conv2d(c, c, 3, stride=2, padding=1)]))
                skips.append(c)
        self.mid = nn.ModuleList([res(c, c), tf(c, last), res(c, c)])
        self.up = nn.ModuleList()
        for i in reversed(range(len(channels))):
            for j in range(layers + 1):
                block = [res(c + skips.pop(), channels[i])] + ([tf(channels[i], i)] if i < last else [])
                c = channels[i]
                self.up.append(nn.ModuleList(block + ([Up(c)] if j == layers and i > 0 else [])))
        self.out = nn.Sequential(nn.GroupNorm(groups, c, 1e-5), nn.SiLU(), nn.Conv2d(c, 4, 3, padding=1))

    def forward(self, x, t, text):
        half = self.width // 2
        freq = torch.exp(-math.log(10000) * torch.arange(half, device=x.device, dtype=torch.float32) / half)
        waves = torch.cat([(t * freq).cos(), (t * freq).sin()])[None].expand(x.shape[0], -1)
        time = self.time(waves.to(self.time[0].weight.dtype))
        h = self.conv_in(x)
        skips = [h]
        for block in self.down:
            for m in block:
                h = m(h, time) if isinstance(m, Resnet) else m(h, text) if isinstance(m, Transformer) else m(h)
            skips.append(h)
        h = self.mid[2](self.mid[1](self.mid[0](h, time), text), time)
        for block in self.up:
            h = torch.cat([h, skips.pop()], 1)
            for m in block:
                h = m(h, time) if isinstance(m, Resnet) else m(h, text) if isinstance(m, Transformer) else m(h)
        return self.out(h)


class Pixels(nn.Module):
    """Self-attention of one head over the pixels of x [N,C,h,w]."""

    def __init__(self, c, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, 1e-6)
        self.q, self.k, self.v, self.out = (nn.Linear(c, c) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        t = self.norm(x).flatten(2).transpose(1, 2)
        q, k, v = (f(t)[:, None] for f in (self.q, self.k, self.v))
        return x + self.out(attend(q, k, v)[:, 0]).transpose(1, 2).reshape(n, c, h, w)


class Decoder(nn.Module):
    """z [N,4,h,w] -> image [N,3,8h,8w] in [0, 1]."""

    def __init__(self, channels=(128, 256, 512, 512), layers=2, groups=32):
        super().__init__()
        res = lambda c, out: Resnet(c, out, 0, groups, 1e-6)
        c = channels[-1]
        self.post_quant = nn.Conv2d(4, 4, 1)
        body = [nn.Conv2d(4, c, 3, padding=1), res(c, c), Pixels(c, groups), res(c, c)]
        for i, out in enumerate(reversed(channels)):
            for _ in range(layers + 1):
                body.append(res(c, out))
                c = out
            if i < len(channels) - 1:
                body.append(Up(c))
        self.body = nn.Sequential(*body, nn.GroupNorm(groups, c, 1e-6), nn.SiLU(), nn.Conv2d(c, 3, 3, padding=1))

    def forward(self, z):
        return (self.body(self.post_quant(z / 0.18215)) / 2 + 0.5).clamp(0, 1)


class Lpips(nn.Module):
    """Images in [-1, 1]: the distance of x [N,3,H,W] to the image with these features, [N]."""

    def __init__(self, widths=((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        super().__init__()
        self.stages, c = nn.ModuleList(), 3
        for k, (out, n) in enumerate(widths):
            stage = [nn.MaxPool2d(2)] if k else []
            for _ in range(n):
                stage += [nn.Conv2d(c, out, 3, padding=1), nn.ReLU()]
                c = out
            self.stages.append(nn.Sequential(*stage))
        self.lins = nn.ModuleList(nn.Conv2d(w, 1, 1, bias=False) for w, _ in widths)
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188])[None, :, None, None])
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450])[None, :, None, None])

    def features(self, x):
        x, found = (x - self.shift) / self.scale, []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found

    def forward(self, x, anchor):
        total = 0
        unit = lambda f: f / (f.float().pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
        for f, g, lin in zip(self.features(x), anchor, self.lins):
            total = total + lin(((unit(f) - unit(g)) ** 2).to(lin.weight.dtype)).float().mean([1, 2, 3])
        return total


def random_weights(net, seed):
    """Fills a network with random numbers that keep its activations near 1."""
    torch.manual_seed(seed)
    for name, p in net.named_parameters():
        with torch.no_grad():
            if p.dim() > 1:
                p.normal_(0, p[0].numel() ** -0.5)
                p.abs_() if name.startswith("lins") else p.mul_(0.5)
            else:
                p.fill_(1.0) if name.endswith("weight") else p.zero_()
    return net
