import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { missingPart, partFile, stopAll } from '../../agent/support/parts';
import { startTriton } from '../../agent/support/triton';
import { route, stateOf } from './asking';
import { findEnvoy, type RunningEnvoy, startEnvoy } from './envoy-bed';

const envoy = findEnvoy();
const missing = envoy.missing ?? missingPart('triton') ?? missingPart('clients');
const served = 'default~count~1';

/** Asked for n, it answers n times, a fifth of a second apart. */
function countingModel(repository: string): void {
  mkdirSync(join(repository, served, '1'), { recursive: true });
  writeFileSync(
    join(repository, served, 'config.pbtxt'),
    `backend: "python"
max_batch_size: 0
model_transaction_policy { decoupled: true }
input [ { name: "n" data_type: TYPE_INT32 dims: [ 1 ] } ]
output [ { name: "i" data_type: TYPE_INT32 dims: [ 1 ] } ]
`,
  );
  writeFileSync(
    join(repository, served, '1', 'model.py'),
    `import time
import numpy
import triton_python_backend_utils as utils

class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            sender = request.get_response_sender()
            for i in range(int(utils.get_input_tensor_by_name(request, "n").as_numpy()[0])):
                time.sleep(0.2)
                sender.send(utils.InferenceResponse([utils.Tensor("i", numpy.array([i], dtype=numpy.int32))]))
            sender.send(flags=utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
`,
  );
}

let root: string;
let router: RunningEnvoy | undefined;
let xds: Awaited<ReturnType<typeof createXdsServer>> | undefined;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'stowage-stream-'));
});
afterAll(async () => {
  await router?.stop();
  await xds?.close();
  await stopAll();
  rmSync(root, { recursive: true, force: true });
});

it.skipIf(missing !== null)(
  `a decoupled model of the real Triton answers Triton's own client by a stream${missing === null ? '' : ` (${missing})`}`,
  async () => {
    const repository = join(root, 'models');
    countingModel(repository);
    const { address, origin } = await startTriton(repository, 'secret');
    const load = { method: 'POST', headers: { 'x-stowage-admin': 'secret' }, body: '{}' };
    expect((await fetch(`${origin}/v2/repository/models/${served}/load`, load)).status).toBe(200);

    router = await startEnvoy(envoy.path as string);
    xds = await createXdsServer({ socketPath: router.socketPath, keying: 'name' });
    const { http, grpc } = address;
    const pod = { pod: 'p', shard: 's', address: '127.0.0.1', http, grpc, proxy: http, zone: null };
    const count = route('count', served, 's', { timeoutMs: 500 });
    await xds.apply(stateOf([count], [{ shard: 's', protocols: ['v2-rest', 'v2-grpc'], pods: [pod] }]));
    await router.live();

    const script = join(__dirname, 'stream-triton.py');
    const ran = promisify(execFile)(
      partFile('clients', 'bin/python'),
      [script, `127.0.0.1:${router.grpc}`, 'count', served, '5', '3'],
      { timeout: 60_000 },
    );
    const numbers = [0, 1, 2, 3, 4, 0, 1, 2];
    expect(JSON.parse((await ran).stdout)).toEqual(numbers.map((i) => [served, i]));
  },
  180_000,
);
