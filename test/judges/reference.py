"""What the test compares: the numbers of a pipeline's networks and of a short run. The test has the same prompts and sizes."""
import torch
from safetensors.torch import save_file

PROMPTS = ["", "a photo of <veduta> mountains, at the Lake's shore!"]
TIMESTEPS = [981, 500, 1]
STEPS, GUIDANCE = 6, 7.5


def kept():
    """The latents after each step, and the callback that keeps them."""
    latents = []

    def keep(_pipe, _step, _t, values):
        latents.append(values["latents"].clone())
        return {}

    return latents, keep


def reference(pipe, path):
    """Writes path.safetensors: what diffusers computes with a pipeline, and the whole run of its scheduler."""
    pipe.set_progress_bar_config(disable=True)
    length, side = pipe.tokenizer.model_max_length, 8 * pipe.vae_scale_factor
    ids = pipe.tokenizer(PROMPTS, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids
    text = pipe.text_encoder(ids)[0]
    draw = torch.Generator().manual_seed(7)
    latent = torch.randn(1, 4, 8, 8, generator=draw)
    image = torch.rand(1, 3, side, side, generator=draw) * 2 - 1
    scale = pipe.vae.config.scaling_factor
    out = {"ids": ids, "text": text, "latent": latent, "image": image}
    for t in TIMESTEPS:
        out[f"output.{t}"] = pipe.unet(latent, t, text[1:]).sample
    out["encoded"] = pipe.vae.encode(image).latent_dist.mean * scale
    out["decoded"] = pipe.vae.decode(latent / scale).sample
    latents, keep = kept()
    result = pipe(
        PROMPTS[1],
        negative_prompt=PROMPTS[0],
        latents=latent.clone(),
        height=side,
        width=side,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        output_type="pt",
        callback_on_step_end=keep,
    )
    out["timesteps"] = pipe.scheduler.timesteps.float()
    out["latents"] = torch.cat(latents)
    out["picture"] = result.images
    save_file({key: value.contiguous().float() for key, value in out.items()}, path + ".safetensors")
