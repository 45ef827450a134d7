"""Asks every model by KServe's client (REST, gRPC) and by one generated from the protocol's OpenAPI description.

Usage: ask-kserve.py HTTP_ADDRESS GRPC_ADDRESS NUMBER NAME...     prints the answers as JSON
"""

import asyncio
import json
import logging
from sys import argv

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from open_inference.openapi.client import InferenceRequest, OpenInferenceClient

logging.disable(logging.ERROR)
http, grpc, number, names = argv[1], argv[2], float(argv[3]), argv[4:]
answers = {"rest": [], "grpc": [], "openapi": [], "unknown": []}


def first(response):
    return float(response.outputs[0].as_numpy().flatten()[0])


def request(name):
    tensor = InferInput("x", [1, 1], "FP64")
    tensor.set_data_from_numpy(np.array([[number]]), binary_data=False)
    return InferRequest(model_name=name, infer_inputs=[tensor])


async def kserve():
    rest = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    assert await rest.is_server_live(f"http://{http}") and await rest.is_server_ready(f"http://{http}")
    for name in names:
        assert await rest.is_model_ready(f"http://{http}", name), name
        answers["rest"].append(first(await rest.infer(f"http://{http}", request(name), model_name=name)))
    rpc = InferenceGRPCClient(grpc, retries=0)
    assert await rpc.is_server_live() and await rpc.is_server_ready()
    for name in names:
        assert await rpc.is_model_ready(name), name
        answers["grpc"].append(first(await rpc.infer(request(name))))
    for ask in (rest.infer(f"http://{http}", request("nobody"), model_name="nobody"), rpc.infer(request("nobody"))):
        try:
            await ask
        except Exception as error:
            status = error.response.status_code if hasattr(error, "response") else error.code().name
            answers["unknown"].append(str(status))
    await rest.close()
    await rpc.close()


def openapi():
    client = OpenInferenceClient(base_url=f"http://{http}")
    client.check_server_liveness()
    client.check_server_readiness()
    for name in names:
        client.check_model_readiness(name)
        tensor = {"name": "x", "shape": [1, 1], "datatype": "FP64", "data": [[number]]}
        response = client.model_infer(name, request=InferenceRequest(inputs=[tensor]))
        answers["openapi"].append(response.outputs[0].data.__root__[0])


asyncio.run(kserve())
openapi()
print(json.dumps(answers))
