"""A judge of LoRAs: python lora.py OUT

Needs OUT/sd1 of checkpoints.py. Writes a LoRA that peft makes, with diffusers' keys and with kohya's, as OUT/lora/diffusers.safetensors and
OUT/lora/kohya.safetensors, and what diffusers computes with it at scale 0.7 as OUT/lora.safetensors.
"""
import os
import sys

import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils import convert_state_dict_to_kohya
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from reference import reference

SCALE, RANK, ALPHA = 0.7, 4, 8
UNET = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "conv1", "conv2", "time_emb_proj"]
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]

torch.set_grad_enabled(False)
torch.manual_seed(21)
out = sys.argv[1]
folder = os.path.join(out, "lora")
pipe = StableDiffusionPipeline.from_pretrained(os.path.join(out, "sd1"))
layers = {}
# transformers' own add_adapter wants a newer peft than the registry has
for part, modules in (("unet", UNET), ("text_encoder", TEXT)):
    network = inject_adapter_in_model(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=modules), getattr(pipe, part))
    for name, parameter in network.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(0, 0.1)  # half of them begin at 0
    layers[part] = get_peft_model_state_dict(network)
    for module in network.modules():
        if isinstance(module, LoraLayer):
            module.scaling = {adapter: SCALE * scaling for adapter, scaling in module.scaling.items()}
pipe.save_lora_weights(
    folder,
    unet_lora_layers=layers["unet"],
    text_encoder_lora_layers=layers["text_encoder"],
    unet_lora_adapter_metadata={"r": RANK, "lora_alpha": ALPHA},
    text_encoder_lora_adapter_metadata={"r": RANK, "lora_alpha": ALPHA},
    weight_name="diffusers.safetensors",
)
kohya = convert_state_dict_to_kohya(load_file(os.path.join(folder, "diffusers.safetensors")))
kohya.update({key: torch.tensor(float(ALPHA)) for key in kohya if key.endswith(".alpha")})
save_file({key: value.contiguous() for key, value in kohya.items()}, os.path.join(folder, "kohya.safetensors"))
reference(pipe, os.path.join(out, "lora"))
