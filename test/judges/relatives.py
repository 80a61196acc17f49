"""The judges of what is opened beside Stable Diffusion: python relatives.py OUT

Needs OUT/sd1 of checkpoints.py. Writes with diffusers a ControlNet, OUT/control, and folders without text, OUT/latent and OUT/pixel, and what
diffusers computes with each as OUT/NAME.safetensors.
"""
import os
import sys

import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, DDPMPipeline, DDPMScheduler, LDMPipeline, StableDiffusionControlNetPipeline
from diffusers import StableDiffusionPipeline, UNet2DModel
from safetensors.torch import save_file

from checkpoints import shifted
from reference import GUIDANCE, PROMPTS, STEPS, TIMESTEPS, kept


def at(name):
    return os.path.join(sys.argv[1], name)


def control():
    """A run of six steps with a ControlNet."""
    torch.manual_seed(11)
    pipe = StableDiffusionPipeline.from_pretrained(at("sd1"))
    net = ControlNetModel.from_unet(pipe.unet, conditioning_embedding_out_channels=(16, 32))
    for parameter in net.parameters():  # its last layers begin at 0
        if not parameter.any():
            parameter.data.normal_(0, 0.05)
    net.save_pretrained(at("control"))
    pipe = StableDiffusionControlNetPipeline(
        **{key: value for key, value in pipe.components.items() if key != "image_encoder"},
        controlnet=net.eval(),
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    latent, image = torch.randn(1, 4, 8, 8), torch.rand(1, 3, 16, 16)
    latents, keep = kept()
    pipe(
        PROMPTS[1],
        image=image,
        negative_prompt=PROMPTS[0],
        latents=latent.clone(),
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        controlnet_conditioning_scale=0.8,
        output_type="latent",
        callback_on_step_end=keep,
    )
    save_file({"latent": latent, "image": image, "latents": torch.cat(latents)}, at("control.safetensors"))


def unconditional(name, channels, pipeline):
    torch.manual_seed(12)
    unet = UNet2DModel(
        sample_size=8,
        in_channels=channels,
        out_channels=channels,
        layers_per_block=1,
        block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )
    pipeline(shifted(unet)).save_pretrained(at(name))
    latent = torch.randn(2, channels, 8, 8)
    outputs = {f"output.{t}": unet(latent, t).sample for t in TIMESTEPS}
    save_file({"latent": latent, **outputs}, at(name + ".safetensors"))


torch.set_grad_enabled(False)
control()
unconditional("pixel", 3, lambda unet: DDPMPipeline(unet, DDPMScheduler()))
unconditional("latent", 4, lambda unet: LDMPipeline(AutoencoderKL.from_pretrained(at("sd1"), subfolder="vae"), unet, DDIMScheduler()))
