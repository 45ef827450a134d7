/** A fleet whose shards hold little, so that small changes show. */
export function smallFleet(budgets = '{ pods: 20, gpus: { L4: 4 } }'): string {
  return `name: zoo
pools:
  - { name: cpu, cpu: 8, memory: 32Gi, pricePerNodeHour: 0.4 }
  - name: l4
    accelerator: { kind: L4, memory: 24Gi, perNode: 2 }
    cpu: 24
    memory: 96Gi
    pricePerNodeHour: 1.6
budgets: ${budgets}
catalogues: ['models/*.jsonl']
`;
}

export function gpuModel(name: string, gpuMemory = '4Gi', more: object = {}): object {
  return { name, format: 'onnx', runtime: 'triton', storageUri: `s3://zoo/${name}`, gpuMemory, ...more };
}

export function jsonLines(models: readonly object[]): string {
  return models.map((model) => `${JSON.stringify(model)}\n`).join('');
}

export function smallProject(count = 4, budgets?: string): Record<string, string> {
  const names = Array.from({ length: count }, (_, i) => `m${String(i).padStart(2, '0')}`);
  return {
    'fleet.yaml': smallFleet(budgets),
    'models/a.jsonl': jsonLines(names.map((name) => gpuModel(name))),
  };
}
