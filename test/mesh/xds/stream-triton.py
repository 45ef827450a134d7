"""Opens one stream by Triton's own client, asks twice, and prints what came as JSON.

Usage: stream-triton.py GRPC_ADDRESS NAME SERVED COUNT...
"""

import json
import queue
from sys import argv

import numpy as np
import tritonclient.grpc as grpc

address, name, served, *counts = argv[1:]
heard = queue.Queue()
client = grpc.InferenceServerClient(address)
client.start_stream(lambda result, error: heard.put((result, error)), headers={"x-stowage-model": name})
answers = []
for count in counts:
    tensor = grpc.InferInput("n", [1], "INT32")
    tensor.set_data_from_numpy(np.array([count], dtype=np.int32))
    client.async_stream_infer(served, [tensor], enable_empty_final_response=True)
    while True:
        result, error = heard.get(timeout=30)
        if error is not None:
            answers.append(str(error))
            break
        response = result.get_response()
        if response.parameters["triton_final_response"].bool_param:
            break
        answers.append([response.model_name, int(result.as_numpy("i")[0])])
client.stop_stream()
print(json.dumps(answers))
