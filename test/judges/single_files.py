"""diffusers on single files: python single_files.py OUT NAME...

Opens OUT/single/NAME/model.safetensors with the configs of the folder OUT/NAME, and writes what it computes as OUT/single/NAME.safetensors.
"""
import os
import sys

import torch
from diffusers import StableDiffusionPipeline

from reference import reference

torch.set_grad_enabled(False)
out, *names = sys.argv[1:]
for name in names:
    file = os.path.join(out, "single", name, "model.safetensors")
    pipe = StableDiffusionPipeline.from_single_file(file, config=os.path.join(out, name), torch_dtype=torch.float32)
    reference(pipe, os.path.join(out, "single", name))
