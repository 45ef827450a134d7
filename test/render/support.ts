import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { pack } from '../../src/pack/pack';
import type { LockedPlacement } from '../../src/pack/packing';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import type { Plan } from '../../src/plan/plan';
import type { KubernetesObject, RenderedGroup } from '../../src/render/objects';
import { renderFleet } from '../../src/render/render';
import { inCopies } from '../support/in-copies';

export interface Rendered {
  readonly fleet: Fleet;
  readonly plan: Plan;
  readonly locked: LockedPlacement;
  readonly groups: readonly RenderedGroup[];
}

/** Declares, packs (from `prior` where given), plans and renders. */
export function rendered(input: FleetInput, prior?: LockedPlacement): Rendered {
  const fleet = defineFleet(input);
  const packing = pack(prior === undefined ? { fleet } : { fleet, prior });
  const plan = makePlan(fleet, packing, prior);
  return { fleet, plan, locked: lockOf(fleet, packing), groups: renderFleet(fleet, plan) };
}

/** The same fleet with each copy in a shard of one pod. */
export function renderedInCopies(input: FleetInput): Rendered {
  const fleet = defineFleet(input);
  const packing = inCopies(pack({ fleet }));
  const plan = makePlan(fleet, packing);
  return { fleet, plan, locked: lockOf(fleet, packing), groups: renderFleet(fleet, plan) };
}

export function objectsOf(groups: readonly RenderedGroup[], kind?: string): readonly KubernetesObject[] {
  const all = groups.flatMap(({ objects }) => objects);
  return kind === undefined ? all : all.filter((object) => object.kind === kind);
}

export function podSpecOf(deployment: KubernetesObject): PodSpec {
  return (deployment.spec as { template: { spec: PodSpec } }).template.spec;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
  readonly affinity?: Record<string, unknown>;
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
  readonly [field: string]: unknown;
}
export interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly args?: readonly string[];
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly [field: string]: unknown;
}

/** Every feature that rendering knows, in few models. */
export const wideFleet: FleetInput = {
  name: 'wide',
  namespace: 'models',
  packing: { layout: 'equal' },
  pools: [
    { name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1, zones: ['a', 'b'] },
    {
      name: 'l4',
      accelerator: { kind: 'L4', memory: '23034Mi', perNode: 4 },
      cpu: 48,
      memory: '192Gi',
      disk: '1Ti',
      pricePerNodeHour: 3,
      nodeSelector: { 'cloud.google.com/gke-accelerator': 'nvidia-l4' },
      zones: ['a', 'b'],
    },
    {
      name: 'slice',
      accelerator: { kind: 'A100', memory: '9856Mi', perNode: 7, mig: '1g.10gb' },
      cpu: 96,
      memory: '512Gi',
      pricePerNodeHour: 4,
      tolerations: [{ operator: 'Exists' }],
    },
  ],
  runtimes: [
    {
      name: 'vllm',
      extends: 'vllm',
      baseModels: [{ name: 'qwen-1b', storageUri: 'hf://example/qwen-1b', gpuMemory: '2Gi' }],
    },
  ],
  tenants: [
    { name: 'vault', isolation: 'node' },
    { name: 'solo', isolation: 'process' },
  ],
  models: [
    { name: 'iris', format: 'sklearn', storageUri: 's3://models/iris', memory: '1Gi' },
    { name: 'wine', version: '2', format: 'sklearn', storageUri: 's3://models/wine', memory: '900Mi', tenant: 'solo' },
    {
      name: 'resnet50',
      format: 'onnx',
      runtime: 'triton',
      storageUri: 's3://models/resnet50',
      gpuMemory: '1Gi',
      replicas: 2,
      accelerators: ['L4'],
      requestsPerSecond: 20,
      throughputPerSecond: 400,
      labels: { team: 'görl', 'on/off': 'yes: no # "quoted"\n\u2028' },
    },
    {
      name: 'zoned',
      format: 'onnx',
      runtime: 'triton',
      storageUri: 's3://models/zoned',
      gpuMemory: '1Gi',
      accelerators: ['L4'],
      zones: ['a'],
    },
    {
      name: 'sliced',
      format: 'onnx',
      runtime: 'triton',
      storageUri: 's3://models/sliced',
      gpuMemory: '1Gi',
      pools: ['slice'],
    },
    { name: 'secret', format: 'sklearn', storageUri: 's3://vault/secret', memory: '1Gi', tenant: 'vault' },
    { name: 'tone', format: 'lora', base: 'qwen-1b', storageUri: 's3://models/tone', gpuMemory: '64Mi' },
  ],
  mesh: {
    router: { replicas: 3, maxReplicas: 6 },
    gateway: { name: 'public', namespace: 'ingress', hostnames: ['models.example.org', '*.models.example.org'] },
    storageSecretName: 'storage',
    clientNamespaces: ['apps'],
  },
};
