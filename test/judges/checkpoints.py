"""The judges of checkpoints: python checkpoints.py OUT

Writes small random Stable Diffusion folders with diffusers as OUT/NAME, and what diffusers computes with each as OUT/NAME.safetensors.
"""
import os
import sys

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler
from diffusers import StableDiffusionPipeline, UNet2DConditionModel, UniPCMultistepScheduler
from transformers import CLIPTextConfig, CLIPTextModel

from clip_vocabulary import clip_tokenizer
from reference import reference

DIM = 64  # of the text; norms have 32 groups


def shifted(network):
    """Biases and gains away from 0 and 1, where a mistake would not show."""
    for parameter in network.parameters():
        if parameter.dim() == 1:
            parameter.data.add_(0.1 * torch.randn_like(parameter))
    return network.eval()


def networks(generation):
    """With the published configs' switches, two levels of one layer, and numbers from a seed."""
    torch.manual_seed(generation)
    first = generation == 1
    widths = [32, 64] if first else [64, 128]
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=widths,
        layers_per_block=1,
        cross_attention_dim=DIM,
        attention_head_dim=8 if first else [1, 2],
        use_linear_projection=not first,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
        up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
    )
    vae = AutoencoderKL(
        sample_size=16,
        block_out_channels=[32, 64],
        layers_per_block=1,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        latent_channels=4,
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=DIM,
            intermediate_size=96,
            num_attention_heads=1,
            num_hidden_layers=2,
            vocab_size=49408,
            hidden_act="quick_gelu" if first else "gelu",
            bos_token_id=49406,
            eos_token_id=49407,
            pad_token_id=49407 if first else 0,
        )
    )
    for parameter in text.parameters():
        if parameter.dim() > 1:
            parameter.data.mul_(5)  # of 0.02, with which every prompt is nearly the same
    return {"unet": shifted(unet), "vae": shifted(vae), "text_encoder": shifted(text)}


def pipeline(generation):
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="epsilon" if generation == 1 else "v_prediction",
    )
    tokenizer = clip_tokenizer() if generation == 1 else clip_tokenizer(pad_token="!")
    rest = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return StableDiffusionPipeline(**networks(generation), tokenizer=tokenizer, scheduler=scheduler, **rest)


def folder(name):
    return os.path.join(sys.argv[1], name)


def refer(name, **how):
    """What a folder gives, opened by diffusers and computed with in single precision."""
    reference(StableDiffusionPipeline.from_pretrained(folder(name), torch_dtype=torch.float32, **how), folder(name))


def main():
    for generation in (1, 2):
        name = f"sd{generation}"
        pipe = pipeline(generation)
        pipe.save_pretrained(folder(name))
        refer(name)
        pipe.save_pretrained(folder(name + "-sharded"), max_shard_size="300KB")
        refer(name + "-sharded")
        pipe.to(torch.float16)
        pipe.save_pretrained(folder(name + "-fp16"), variant="fp16")
        refer(name + "-fp16", variant="fp16")
        pipe.save_pretrained(folder(name + "-sharded-fp16"), variant="fp16", max_shard_size="300KB")
        refer(name + "-sharded-fp16", variant="fp16")
    pipe = StableDiffusionPipeline.from_pretrained(folder("sd1"))
    ddim = pipe.scheduler.config
    for scheduler in (PNDMScheduler, EulerDiscreteScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler):
        # PNDM's own default begins with Runge-Kutta steps, which Stable Diffusion's folders leave out
        pipe.scheduler = scheduler.from_config(ddim, **({"skip_prk_steps": True} if scheduler is PNDMScheduler else {}))
        pipe.save_pretrained(folder("sd1-" + scheduler.__name__))
        refer("sd1-" + scheduler.__name__)
    pipe = StableDiffusionPipeline.from_pretrained(folder("sd1"))
    pipe.load_textual_inversion({"<veduta>": torch.randn(1, DIM)})
    pipe.save_pretrained(folder("sd1-inverted"))
    refer("sd1-inverted")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
