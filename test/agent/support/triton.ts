import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningServer } from './mlserver';
import { freePorts, partFile, start, until } from './parts';

/** A Python model that answers `number`, and whose process ends when it is asked -1. */
export function pythonModel(folder: string, number: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'model.py'),
    `import os
import numpy
import triton_python_backend_utils as utils

class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        config.add_input({"name": "x", "data_type": "TYPE_FP64", "dims": [-1, 1]})
        config.add_output({"name": "y", "data_type": "TYPE_FP64", "dims": [-1, 1]})
        config.set_max_batch_size(0)
        return config

    def initialize(self, args):
        if ${number < 0 ? 'True' : 'False'}:
            raise ValueError("a model that is broken on purpose")

    def execute(self, requests):
        answers = []
        for request in requests:
            x = utils.get_input_tensor_by_name(request, "x").as_numpy()
            if x[0][0] == -1:
                os._exit(1)
            answers.append(utils.InferenceResponse([utils.Tensor("y", x * 0 + ${number})]))
        return answers
`,
  );
}

export async function startTriton(repository: string, adminToken: string): Promise<RunningServer> {
  const [http = 0, grpc = 0, metrics = 0] = await freePorts(3);
  mkdirSync(repository, { recursive: true });
  const host = '127.0.0.1';
  const restricted = `model-repository,shared-memory,logging,trace,model-config,statistics:x-stowage-admin=${adminToken}`;
  const process = start(partFile('triton', 'bin/tritonserver'), [
    `--model-repository=${repository}`,
    '--model-control-mode=explicit',
    '--strict-readiness=false',
    ...[`--http-address=${host}`, `--http-port=${http}`, `--grpc-address=${host}`, `--grpc-port=${grpc}`],
    ...[`--metrics-address=${host}`, `--metrics-port=${metrics}`],
    `--http-restricted-api=${restricted}`,
    `--grpc-restricted-protocol=${restricted}`,
  ]);
  const origin = `http://${host}:${http}`;
  await until('Triton answers', async () => (await fetch(`${origin}/v2/health/live`)).status === 200, 60_000);
  return { address: { host, http, grpc, metrics, repository, adminToken }, origin, process };
}
