"""NVIDIA's own client against veduta serve: python triton_client.py HOST:PORT CALLS

Asks server, models, metadata and configuration, runs each function of CALLS/calls.json with the raw numbers that the test wrote, in binary and in JSON,
and prints {name: [differences of the two forms to what the product answered]}, and what the client says of a request that is wrong.
"""
import json
import os
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

address, calls = sys.argv[1:]
TYPES = {"FP32": np.float32, "INT32": np.int32}
client = triton.InferenceServerClient(address)


def headers():
    """A new one for each request: the client writes into what it is given."""
    return {"Authorization": "Bearer " + os.environ["TOKEN"]}


def tensor(entry):
    return np.fromfile(os.path.join(calls, entry["file"]), TYPES[entry["datatype"]]).reshape(entry["shape"])


def run(name, call, binary):
    inputs = []
    for key, entry in call["feeds"].items():
        one = triton.InferInput(key, entry["shape"], entry["datatype"])
        one.set_data_from_numpy(tensor(entry), binary_data=binary)
        inputs.append(one)
    outputs = [triton.InferRequestedOutput(key, binary_data=binary) for key in call["wanted"]]
    result = client.infer(name, inputs, outputs=outputs, headers=headers(), request_id="7", parameters={"batch": 3})
    assert result.get_response()["id"] == "7"
    return max(float(np.abs(result.as_numpy(key) - tensor(entry)).max()) for key, entry in call["wanted"].items())


said = {"live": client.is_server_live(), "ready": client.is_server_ready(), "server": client.get_server_metadata(headers=headers())["name"]}
said["differences"] = {}
for name, call in json.load(open(os.path.join(calls, "calls.json"))).items():
    assert client.is_model_ready(name, headers=headers())
    metadata = client.get_model_metadata(name, headers=headers())
    assert {each["name"] for each in metadata["inputs"]} == set(call["feeds"]), metadata
    config = client.get_model_config(name, headers=headers())
    assert config["parameters"]["digest"]["string_value"], config
    said["differences"][name] = [run(name, call, True), run(name, call, False)]
for key, tried in {
    "without a token": lambda: client.get_model_metadata("noise"),
    "unknown": lambda: client.get_model_metadata("nope", headers=headers()),
}.items():
    try:
        tried()
        said[key] = "no error"
    except InferenceServerException as error:
        said[key] = [error.status(), error.message()]
print(json.dumps(said))
