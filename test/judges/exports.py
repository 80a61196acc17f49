"""onnx and onnxruntime of today on an export: python exports.py LINKED COPIED CALLS

For each function of CALLS/calls.json: checks the model of the export COPIED by its path (the checker refuses weights that have a second hard link),
opens that of LINKED without any option, feeds it the raw numbers that the test wrote, and
prints {name: {output: largest difference to what the product answered}, "warnings": [...]}.
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

linked, copied, calls = sys.argv[1:]
TYPES = {"FP32": np.float32, "INT32": np.int32}


def tensor(entry):
    return np.fromfile(os.path.join(calls, entry["file"]), TYPES[entry["datatype"]]).reshape(entry["shape"])


said = {}
for name, call in json.load(open(os.path.join(calls, "calls.json"))).items():
    path = os.path.join(name, "1", "model.onnx", "model.onnx")
    onnx.checker.check_model(os.path.join(copied, path), full_check=True)
    session = onnxruntime.InferenceSession(os.path.join(linked, path), providers=["CPUExecutionProvider"])
    outputs = session.run(list(call["wanted"]), {key: tensor(entry) for key, entry in call["feeds"].items()})
    said[name] = {}
    for (key, entry), got in zip(call["wanted"].items(), outputs):
        want = tensor(entry)
        assert got.shape == want.shape, (name, key, got.shape, want.shape)
        said[name][key] = float(np.abs(got - want).max() / np.abs(want).max())
print(json.dumps({"versions": {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}, "differences": said}))
