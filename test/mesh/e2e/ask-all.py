"""Asks every model by Triton's own clients, over REST and gRPC, and prints the answers as JSON.

Usage: ask-all.py HTTP_ADDRESS GRPC_ADDRESS NUMBER NAME...
"""

import json
from sys import argv

import numpy as np
import tritonclient.grpc as grpc
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

rows = np.array([[float(argv[3])]])
answers = {"rest": [], "grpc": [], "unknown": []}

rest = http.InferenceServerClient(argv[1])
assert rest.is_server_live() and rest.is_server_ready()
tensor = http.InferInput("x", rows.shape, "FP64")
tensor.set_data_from_numpy(rows, binary_data=False)
output = http.InferRequestedOutput("predict", binary_data=False)
for name in argv[4:]:
    assert rest.is_model_ready(name), name
    answers["rest"].append(rest.infer(name, [tensor], outputs=[output]).as_numpy("predict").flatten()[0])

rpc = grpc.InferenceServerClient(argv[2])
assert rpc.is_server_live() and rpc.is_server_ready()
tensor = grpc.InferInput("x", rows.shape, "FP64")
tensor.set_data_from_numpy(rows)
for name in argv[4:]:
    assert rpc.is_model_ready(name), name
    answers["grpc"].append(rpc.infer(name, [tensor]).as_numpy("predict").flatten()[0])

for ask in (lambda: rest.infer("nobody", [], outputs=[output]), lambda: rpc.infer("nobody", [])):
    try:
        ask()
    except InferenceServerException as error:
        answers["unknown"].append(error.status())

print(json.dumps(answers))
