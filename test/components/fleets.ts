import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import { loadFleet } from '../../src/declare/load-fleet';

const examples = join(__dirname, '..', '..', 'examples');

/** Fleets that between them make every kind of object that Stowage renders. */
export const fleets: Readonly<Record<string, () => Fleet>> = {
  'one model on CPU': () =>
    defineFleet({
      name: 'one',
      pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
      models: [{ name: 'a', format: 'sklearn', storageUri: 's3://models/a' }],
    }),
  'gateway, secret, tenants, zones': () =>
    defineFleet({
      name: 'many',
      namespace: 'serving',
      pools: [
        { name: 'cpu', cpu: 16, memory: '64Gi', zones: ['a', 'b'] },
        { name: 'l4', accelerator: { kind: 'L4', memory: '23034Mi', perNode: 4 }, cpu: 48, memory: '192Gi' },
        {
          name: 'mig',
          accelerator: { kind: 'A100', memory: '9728Mi', perNode: 7, mig: '1g.10gb' },
          cpu: 48,
          memory: '192Gi',
          tolerations: [{ key: 'gpu', operator: 'Equal', value: 'mig', effect: 'NoExecute' }],
        },
      ],
      tenants: [
        { name: 'bank', isolation: 'process' },
        { name: 'clinic', isolation: 'node' },
      ],
      models: [
        ...['default', 'bank', 'clinic'].map((tenant) => ({
          name: 'risk',
          tenant,
          format: 'xgboost',
          storageUri: `s3://${tenant}/risk`,
          replicas: 2,
        })),
        { name: 'zoned', format: 'sklearn', storageUri: 's3://m/zoned', zones: ['b'] },
        { name: 'eyes', format: 'onnx', storageUri: 's3://m/eyes', gpuMemory: '2Gi', accelerators: ['L4'] },
        { name: 'ears', format: 'onnx', storageUri: 's3://m/ears', gpuMemory: '2Gi', pools: ['mig'] },
        { name: 'tables', format: 'openvino-ir', runtime: 'openvino', storageUri: 's3://m/tables', pools: ['cpu'] },
      ],
      mesh: {
        serviceType: 'LoadBalancer',
        gateway: { name: 'public', namespace: 'gateways', hostnames: ['models.example.com'] },
        storageSecretName: 'model-storage',
        clientNamespaces: ['apps', 'batch'],
      },
    }),
  'adapters of two bases': () =>
    defineFleet({
      name: 'adapters',
      pools: [
        {
          name: 'gpu',
          accelerator: { kind: 'H100', memory: '80Gi', perNode: 8 },
          cpu: 96,
          memory: '768Gi',
          disk: '2000Gi',
        },
      ],
      runtimes: [
        {
          name: 'vllm',
          extends: 'vllm',
          baseModels: [
            { name: 'small', storageUri: 'hf://small', gpuMemory: '14Gi' },
            { name: 'large', storageUri: 'hf://large', gpuMemory: '40Gi' },
          ],
        },
      ],
      models: Array.from({ length: 40 }, (_, i) => ({
        name: `adapter-${i}`,
        format: 'lora',
        base: i % 2 === 0 ? 'small' : 'large',
        storageUri: `s3://adapters/${i}`,
        gpuMemory: '80Mi',
      })),
    }),
  'the quickstart example': () => loadFleet(join(examples, 'quickstart', 'fleet.yaml')),
  'the image zoo example': () => loadFleet(join(examples, 'image-zoo', 'fleet.yaml')),
};
