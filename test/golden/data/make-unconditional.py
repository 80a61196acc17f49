"""Makes units/unconditional.safetensors: two small random UNet2DModels of diffusers, each with a sample, its output, and a gradient.

    pip install torch diffusers safetensors numpy
    python test/golden/data/make-unconditional.py

Weights are rounded to float16 and stored so; everything else is float32. The attention keys of `ddpm` are renamed to the older ones, as the
published DDPM checkpoints have them.
"""
import json
import pathlib

import diffusers
import torch
from safetensors.torch import save_file

COMMON = dict(layers_per_block=1, norm_num_groups=2, sample_size=8)
CONFIGS = {
    "ldm": dict(
        in_channels=4, out_channels=4, block_out_channels=(6, 8, 12), attention_head_dim=None, norm_eps=1e-5,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
    ),
    "ddpm": dict(
        in_channels=3, out_channels=3, block_out_channels=(6, 8), attention_head_dim=4, norm_eps=1e-6, downsample_padding=0,
        flip_sin_to_cos=False, freq_shift=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ),
    "plain": dict(
        in_channels=4, out_channels=4, block_out_channels=(4, 4), add_attention=False,
        down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
    ),
}
OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def old_name(key):
    for new, old in OLD_NAMES.items():
        key = key.replace(f".{new}.", f".{old}.")
    return key


torch.manual_seed(7)
tensors, metadata = {}, {"diffusers": diffusers.__version__, "torch": torch.__version__}
for name, config in CONFIGS.items():
    net = diffusers.UNet2DModel(**COMMON, **config).eval()
    with torch.no_grad():
        for key, value in net.named_parameters():
            # norms and biases begin at 1 and 0: draw them too, so that each matters
            value.copy_((value + (0.2 * torch.randn_like(value) if value.ndim == 1 else 0)).half().float())
    sample = torch.randn(1, config["in_channels"], 8, 12, requires_grad=True)
    timestep = 417
    output = net(sample, timestep).sample
    cotangent = torch.randn_like(output)
    (gradient,) = torch.autograd.grad((output * cotangent).sum(), sample)
    state = {old_name(key) if name == "ddpm" else key: value.half() for key, value in net.state_dict().items()}
    tensors |= {f"{name}/weights/{key}": value.contiguous() for key, value in state.items()}
    tensors |= {f"{name}/{key}": value.detach().contiguous() for key, value in
                dict(sample=sample, output=output, cotangent=cotangent, gradient=gradient).items()}
    metadata[name] = json.dumps({"_class_name": "UNet2DModel", **{k: v for k, v in net.config.items() if not k.startswith("_")}})
    metadata[f"{name}/timestep"] = str(timestep)
path = pathlib.Path(__file__).parent / "units/unconditional.safetensors"
save_file(tensors, path, metadata)
print(path, path.stat().st_size, "bytes", {k: v for k, v in metadata.items() if "{" not in v})
