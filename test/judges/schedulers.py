"""The judges of samplers: python schedulers.py OUT

Runs diffusers' schedulers with a formula in place of a network, and writes OUT/cases.json and OUT/cases.safetensors, as golden/samplers has them.
"""
import itertools
import json
import os
import sys

import diffusers
import numpy as np
import torch
from safetensors.torch import save_file

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SPACINGS, PREDICTIONS, STEPS = ("leading", "trailing", "linspace"), ("epsilon", "v_prediction"), (7, 20)
SHAPE = (1, 4, 6, 10)


def network(x, t):
    return 0.7 * x + 0.2 * torch.roll(x, 1, -1) + 0.1 * torch.sin(torch.as_tensor(t, dtype=torch.float64) / 100).float()


def cases():
    """Class, arguments, number of steps and eta of every case."""

    def all_of(name, spacings=SPACINGS, steps=STEPS, eta=0, **extra):
        for spacing, prediction, n in itertools.product(spacings, PREDICTIONS, steps):
            arguments = {**BETAS, "prediction_type": prediction, "timestep_spacing": spacing, "steps_offset": 1, **extra}
            yield name, arguments, n, eta

    ddim = {"clip_sample": False, "set_alpha_to_one": False}
    yield from all_of("DDIMScheduler", **ddim)
    yield from all_of("DDIMScheduler", eta=0.7, **ddim)
    for _, arguments, n, eta in all_of("DDIMScheduler", spacings=("trailing",), rescale_betas_zero_snr=True, **ddim):
        if arguments["prediction_type"] == "v_prediction":
            yield "DDIMScheduler", arguments, n, eta
    yield from all_of("DDPMScheduler", clip_sample=False)
    yield from all_of("DDPMScheduler", spacings=("leading",), clip_sample=False, variance_type="fixed_large")
    yield from all_of("EulerDiscreteScheduler")
    yield from all_of("EulerDiscreteScheduler", spacings=("leading",), use_karras_sigmas=True)
    yield from all_of("EulerAncestralDiscreteScheduler")
    yield from all_of("DPMSolverMultistepScheduler")
    yield from all_of("DPMSolverMultistepScheduler", spacings=("leading",), solver_order=1)
    yield from all_of("DPMSolverMultistepScheduler", spacings=("leading",), use_karras_sigmas=True)
    yield from all_of("PNDMScheduler", skip_prk_steps=True, set_alpha_to_one=False)
    yield from all_of("LCMScheduler", spacings=("leading",), steps=(4, 8), clip_sample=False)
    yield from all_of("UniPCMultistepScheduler")


def run(name, arguments, n, eta):
    scheduler = getattr(diffusers, name)(**arguments)
    draw = np.random.default_rng(n)
    noises = []

    def drawn(shape, **_):
        noises.append(torch.from_numpy(draw.standard_normal(tuple(shape)).astype(np.float32)))
        return noises[-1]

    module = sys.modules[type(scheduler).__module__]
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = drawn
    scheduler.set_timesteps(n)
    init = torch.from_numpy(draw.standard_normal(SHAPE).astype(np.float32))
    x, latents = init * scheduler.init_noise_sigma, []
    for t in scheduler.timesteps:
        out = network(scheduler.scale_model_input(x, t), t)
        x = scheduler.step(out, t, x, **({"eta": eta} if name == "DDIMScheduler" else {})).prev_sample
        latents.append(x)
    tensors = {"timesteps": scheduler.timesteps.float(), "init_noise": init, "latents": torch.cat(latents)}
    return scheduler, {**tensors, **({"noise": torch.cat(noises)} if noises else {})}


found, tensors = [], {}
torch.set_grad_enabled(False)
for k, (name, arguments, n, eta) in enumerate(cases()):
    scheduler, values = run(name, arguments, n, eta)
    title = ".".join([name, arguments["prediction_type"], arguments["timestep_spacing"], f"N{n}"])
    rest = {key: value for key, value in arguments.items() if key in ("use_karras_sigmas", "solver_order", "variance_type", "rescale_betas_zero_snr")}
    title += "".join(f".{key}={value}" for key, value in rest.items()) + (f".eta{eta}" if eta else "")
    # the config as diffusers writes it, with all its keys
    scheduler.save_config(os.path.join(sys.argv[1], title))
    found.append({"case": title, "steps": n, "eta": eta})
    tensors.update({f"{title}/{key}": value.contiguous().float() for key, value in values.items()})
save_file(tensors, os.path.join(sys.argv[1], "cases.safetensors"))
with open(os.path.join(sys.argv[1], "cases.json"), "w", encoding="utf-8") as file:
    json.dump(found, file)
