"""The judges of metrics: python metrics.py PICTURES OUT

PICTURES/a and PICTURES/b hold pictures of the same names, PICTURES/prompts.json a prompt of each. Writes random weights to OUT, and to OUT/values.json
what lpips, clean-fid, torchmetrics and scikit-image make of the pictures with these weights.
"""
import json
import os
import shutil
import sys
import warnings

warnings.filterwarnings("ignore")
import lpips
import numpy as np
import pytorch_fid.inception
import torch
import torchmetrics
from cleanfid import fid
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.multimodal import clip_score
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.image import PeakSignalNoiseRatio
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance
from transformers import CLIPConfig, CLIPModel, CLIPProcessor
from transformers.models.clip.image_processing_clip import CLIPImageProcessor
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from clip_vocabulary import clip_tokenizer

pictures, out = sys.argv[1:]
names = sorted(name for name in os.listdir(os.path.join(pictures, "a")))
with open(os.path.join(pictures, "prompts.json"), encoding="utf-8") as file:
    prompts = json.load(file)


def read(folder, name):
    """bytes [H,W,3]"""
    return np.asarray(Image.open(os.path.join(pictures, folder, name)).convert("RGB"))


def tensor(array):
    """bytes [H,W,3] -> [1,3,H,W] in [0,1]"""
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None].float() / 255


def lpips_values(net):
    """lpips over a backbone of torchvision with random weights; the linear weights are the package's own"""
    torch.manual_seed(1)
    judge = lpips.LPIPS(net=net, pnet_rand=True, verbose=False).eval()
    # net.sliceK.N.weight of lpips is features.N.weight of torchvision
    backbone = {"features." + key.split(".", 1)[1]: value for key, value in judge.net.state_dict().items()}
    torch.save(backbone, os.path.join(out, net + ".pth"))
    linear = os.path.join(os.path.dirname(lpips.__file__), "weights", "v0.1", net + ".pth")
    shutil.copy(linear, os.path.join(out, net + "-linear.pth"))
    return [judge(tensor(read("a", name)), tensor(read("b", name)), normalize=True).item() for name in names]


def inception():
    """pytorch-fid's Inception with random weights; its download is replaced by them"""
    torch.manual_seed(2)
    plain = {}

    def downloaded(*_, **__):
        network = sys._getframe(1).f_locals["inception"]
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight)
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.data.uniform_(0.7, 1.3)
                module.bias.data.normal_(0, 0.1)
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.7, 1.3)
        plain.update(network.state_dict())
        return network.state_dict()

    pytorch_fid.inception.load_state_dict_from_url = downloaded
    network = pytorch_fid.inception.InceptionV3([3], resize_input=False, normalize_input=True).eval()
    torch.save(plain, os.path.join(out, "inception.pth"))
    return network


class Features(torch.nn.Module):
    """[N,3,299,299] from 0 to 255, as clean-fid's resizing gives them -> [N,2048]"""

    num_features = 2048

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images / 255)[0].flatten(1)


def set_values(features):
    folders = [os.path.join(pictures, name) for name in ("a", "b")]
    how = {"mode": "clean", "num_workers": 0, "device": torch.device("cpu"), "verbose": False, "batch_size": 10}
    a, b = (fid.get_folder_features(folder, features, **how) for folder in folders)
    values = {
        "cleanfid-fid": fid.frechet_distance(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False)),
        "cleanfid-kid": fid.kernel_distance(a, b),
    }
    # torchmetrics takes the features as they are: its own network gets bytes that it resizes in another way
    identity = torch.nn.Identity()
    identity.num_features = a.shape[1]
    judges = {
        "torchmetrics-fid": FrechetInceptionDistance(feature=identity),
        "torchmetrics-kid": KernelInceptionDistance(feature=identity, subsets=2, subset_size=len(names)),
    }
    for key, judge in judges.items():
        for real, features_of_set in ((True, a), (False, b)):
            judge.update(torch.from_numpy(features_of_set), real=real)
        value = judge.compute()
        values[key] = (value[0] if isinstance(value, tuple) else value).item()
    return values, a


def pair_values():
    values = {key: [] for key in ("skimage-ssim", "skimage-psnr", "torchmetrics-ssim", "torchmetrics-psnr")}
    for name in names:
        a, b = read("a", name), read("b", name)
        # as Wang et al. 2004 define it
        gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        values["skimage-ssim"].append(structural_similarity(a, b, channel_axis=2, data_range=255, **gaussian))
        values["skimage-psnr"].append(peak_signal_noise_ratio(a, b, data_range=255))
        a, b = tensor(a).double(), tensor(b).double()
        # its own mean counts places whose window passes the edge, where the picture is reflected: another number than Wang's
        _, places = structural_similarity_index_measure(b, a, data_range=1.0, return_full_image=True)
        values["torchmetrics-ssim"].append(places[..., 5:-5, 5:-5].mean().item())
        values["torchmetrics-psnr"].append(PeakSignalNoiseRatio(data_range=1.0)(b, a).item())
    return values


def clip_values():
    torch.manual_seed(3)
    layers = {"num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 128, "hidden_size": 64}
    config = CLIPConfig(
        text_config=dict(layers, vocab_size=49408, bos_token_id=49406, eos_token_id=49407),
        vision_config=dict(layers, image_size=224, patch_size=16),
        projection_dim=32,
    )
    model = CLIPModel(config).eval()
    for parameter in model.parameters():  # the starting weights of 0.02 see hardly a difference between pictures
        if parameter.dim() > 1:
            parameter.data.mul_(4)
    folder = os.path.join(out, "clip")
    model.save_pretrained(folder)
    tokenizer = clip_tokenizer()
    tokenizer.save_pretrained(folder)

    class Adapted(torch.nn.Module):
        """torchmetrics 1.9 wants the vectors that transformers 4 gave, transformers 5 gives an output around them"""

        config = model.config

        def get_image_features(self, *inputs):
            return model.get_image_features(*inputs).pooler_output

        def get_text_features(self, *inputs):
            return model.get_text_features(*inputs).pooler_output

    values = {}
    for key, processor in {"pillow": CLIPImageProcessorPil(), "torchvision": CLIPImageProcessor()}.items():
        judge = lambda: (Adapted(), CLIPProcessor(image_processor=processor, tokenizer=tokenizer))
        with torch.no_grad():
            values["torchmetrics-clip-" + key] = [
                clip_score(torch.from_numpy(read("a", name).copy()).permute(2, 0, 1), prompts[name], judge).item() for name in names
            ]
    return values


os.makedirs(out, exist_ok=True)
torch.set_grad_enabled(False)
sets, features = set_values(Features(inception()))
values = {**sets, **pair_values(), **{"lpips-" + net: lpips_values(net) for net in ("alex", "vgg", "squeeze")}, **clip_values()}
with open(os.path.join(out, "values.json"), "w", encoding="utf-8") as file:
    json.dump({"names": names, "features": features[:2].tolist(), **values}, file)
