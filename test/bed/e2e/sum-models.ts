import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findParts } from '../../../src/local/parts';
import { root } from '../bed';

export interface SumModel {
  readonly name: string;
  /** Default: the tenant of those who name none. */
  readonly tenant?: string;
  readonly format: 'sklearn' | 'python';
  readonly replicas: number;
}

export const folderOf = ({ tenant = 'default', name }: SumModel): string => `${tenant}-${name}`;

/** Makes the models' folders: model number i adds i to what it is asked. */
export function makeSumModels(folder: string, models: readonly SumModel[]): void {
  const python = join(findParts(['mlserver']).directory, 'mlserver/bin/python');
  // It numbers what it is given: those of other formats are made anew.
  const script = join(root, 'test/mesh/e2e/sum-models.py');
  execFileSync(python, [script, folder, ...models.map(folderOf)], { timeout: 120_000 });
  for (const [number, model] of models.entries()) {
    if (model.format === 'python') writeTritonModel(join(folder, folderOf(model)), number);
  }
}

/** For Triton's Python backend, in a repository folder as its users have it. */
function writeTritonModel(folder: string, number: number): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '1'), { recursive: true });
  writeFileSync(
    join(folder, 'config.pbtxt'),
    `backend: "python"
max_batch_size: 0
input [ { name: "x" data_type: TYPE_FP64 dims: [ -1, 1 ] } ]
output [ { name: "predict" data_type: TYPE_FP64 dims: [ -1, 1 ] } ]
instance_group [ { kind: KIND_CPU } ]
`,
  );
  writeFileSync(
    join(folder, '1/model.py'),
    `import triton_python_backend_utils as utils


class TritonPythonModel:
    def execute(self, requests):
        rows = [utils.get_input_tensor_by_name(request, "x").as_numpy() for request in requests]
        return [utils.InferenceResponse([utils.Tensor("predict", row + ${number})]) for row in rows]
`,
  );
}
