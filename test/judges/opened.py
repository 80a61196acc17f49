"""diffusers on what the test wrote: python opened.py OUT NAME...

Opens OUT/NAME, a folder of diffusers, or OUT/NAME/model.safetensors with the configs of the folder of NAME's last part in OUT,
and writes what it computes as OUT/NAME.safetensors.
"""
import os
import sys

import torch
from diffusers import StableDiffusionPipeline

from reference import reference

torch.set_grad_enabled(False)
out, *names = sys.argv[1:]
for name in names:
    path = os.path.join(out, name)
    if os.path.exists(os.path.join(path, "model_index.json")):
        pipe = StableDiffusionPipeline.from_pretrained(path, torch_dtype=torch.float32)
    else:
        config = os.path.join(out, os.path.basename(name))
        pipe = StableDiffusionPipeline.from_single_file(os.path.join(path, "model.safetensors"), config=config, torch_dtype=torch.float32)
    reference(pipe, path)
