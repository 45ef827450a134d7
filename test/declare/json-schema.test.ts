import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { fleetJsonSchema, modelJsonSchema } from '../../src/declare/json-schema';
import { fleetSchema, modelSchema } from '../../src/declare/schema';
import { fleetInput, model } from './support';

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const fleetByAjv = ajv.compile(fleetJsonSchema());
const modelByAjv = ajv.compile(modelJsonSchema());

const everything: FleetInput = {
  name: 'all',
  namespace: 'serving',
  pools: [
    {
      name: 'a100',
      accelerator: {
        kind: 'A100',
        memory: '10Gi',
        perNode: 7,
        mig: '1g.10gb+me',
        resourceName: 'nvidia.com/mig-1g.10gb.me',
      },
      cpu: '63500m',
      memory: 1e11,
      disk: '1Ti',
      maxPods: 250,
      systemPods: 12,
      ipsPerNode: 64,
      podsPerNode: 7,
      minNodes: 0,
      maxNodes: 9,
      pricePerNodeHour: 12.34,
      speed: 2.5,
      zones: ['a', 'b'],
      nodeSelector: { 'example.com/kind': 'a100' },
      tolerations: [{ key: 'gpu', operator: 'Equal', value: 'a100', effect: 'NoExecute' }],
    },
  ],
  runtimes: [
    {
      name: 'vllm',
      extends: 'vllm',
      env: { A: 'b' },
      ports: { http: 8000 },
      baseFootprint: { cpu: 1, memory: '1Gi', gpuMemory: '1Gi', disk: 0 },
      sharedMemory: { base: '1Gi', perModel: 0 },
      repository: { path: '/m', layout: 'adapters' },
      protocols: ['openai'],
      baseModels: [{ name: 'llama', storageUri: 'hf://llama', gpuMemory: '14Gi' }],
    },
  ],
  tenants: [{ name: 'acme', isolation: 'node', group: 'g' }],
  models: [
    model('x', {
      footprint: { disk: '1Gi' },
      load: { requestsPerSecond: 1, throughputPerSecond: 3 },
      labels: { team: 'a' },
      neverWith: ['team=b'],
      zones: ['a'],
      accelerators: ['A100'],
      residency: 'on-demand',
      priority: 0,
      timeoutSeconds: 0.5,
    }),
  ],
  catalogues: ['models/*.csv'],
  aliases: [
    { name: 'live', tenant: 'acme', targets: [{ model: 'x@1', weight: 9 }, { model: 'x@2' }], timeoutSeconds: 30 },
    { name: 'next', targets: [{ model: 'x@1' }], mirror: { model: 'x@2', share: 0.1 } },
  ],
  budgets: { pods: 1, gpus: { A100: { limit: 3, enforcement: 'warn' } }, memory: { limit: '1Ti' }, costPerHour: 0.5 },
  packing: {
    utilizationTarget: 0.5,
    acceleratorReserve: '1Gi',
    onDemand: { targetColdStartRate: 0.05, of: 'all-requests', loadBandwidth: '1Gi', leastModels: 50 },
  },
  mesh: { router: { replicas: 3, envoy: { cpu: 1 } }, serviceType: 'NodePort', gateway: { name: 'g', namespace: 'n' } },
  baseline: { podsPerReplica: 2, sidecarCpu: '250m', minReplicas: 2 },
};

/** Whether both judge alike, and how. */
function verdict(input: unknown): boolean {
  const byZod = fleetSchema.safeParse(input).success;
  const byAjv = fleetByAjv(input);
  expect(byAjv, JSON.stringify(input)).toBe(byZod);
  return byAjv;
}

describe('the published JSON Schema', () => {
  it('is of draft 2020-12 and names its parts', () => {
    expect(fleetJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: { Quantity: {}, Model: {} },
    });
  });

  it.each([
    ['the least', fleetInput()],
    ['everything', everything],
    ['an editor’s hint', { ...fleetInput(), $schema: 'https://example.com/fleet.json' }],
  ])('accepts %s', (_, input) => {
    expect(verdict(input)).toBe(true);
  });

  it.each([
    ['no name', { pools: [] }],
    ['a name that is no DNS label', fleetInput({ name: 'Demo' })],
    ['a long name', fleetInput({ name: 'a'.repeat(41) })],
    ['an unknown field', { ...fleetInput(), pool: [] }],
    ['an unknown field of a model', fleetInput({ models: [{ ...model('a'), gpumemory: 1 } as ModelInput] })],
    ['a wrong enumeration', fleetInput({ tenants: [{ name: 't', isolation: 'pod' as 'node' }] })],
    ['half a copy', fleetInput({ models: [model('a', { replicas: 0.5 })] })],
    ['too many copies', fleetInput({ models: [model('a', { replicas: 65 })] })],
    ['a target above one', fleetInput({ packing: { utilizationTarget: 1.1 } })],
    ['a size that is a list', fleetInput({ models: [model('a', { memory: [] as unknown as string })] })],
    [
      'a MIG profile that is none',
      fleetInput({ pools: [{ name: 'p', cpu: 1, memory: 1, accelerator: { kind: 'A', memory: 1, mig: '10gb' } }] }),
    ],
    ['a never-with without value', fleetInput({ models: [model('a', { neverWith: ['team'] })] })],
    ['text in place of a fleet', 'fleet'],
  ])('refuses %s', (_, input) => {
    expect(verdict(input)).toBe(false);
  });

  it('agrees with the loader on fleets with one field changed', () => {
    const paths: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]): void => {
      paths.push(path);
      if (Array.isArray(value)) value.forEach((child, i) => void walk(child, [...path, i]));
      else if (typeof value === 'object' && value !== null)
        for (const [key, child] of Object.entries(value)) walk(child, [...path, key]);
    };
    walk(everything, []);
    const replacement = fc.oneof(
      fc.constantFrom(null, '', 'a', 'A b', '1Gi', 'a=b', '/x', [], {}, ['a'], { a: 'b' }, { limit: 1 }, true),
      fc.constantFrom(0, 1, -1, 0.5, 1.5, 64, 65, 1000, 1001, 65_536, 1e9, 1e10, 2 ** 53),
      fc.string({ unit: 'grapheme-ascii', maxLength: 70 }),
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), replacement, fc.boolean(), (path, value, addField) => {
        const changed = structuredClone(everything) as unknown as Record<string | number, unknown>;
        let at = changed;
        for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
        if (path.length > 0) at[addField ? 'extra' : (path.at(-1) ?? '')] = value;
        if (Array.isArray(at) && addField) return;
        if (verdict(changed)) accepted++;
      }),
      { numRuns: 1500, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('of one model agrees, too', () => {
    const field = fc.constantFrom(...Object.keys(everything.models?.[0] ?? {}), 'base', 'version', 'unknown');
    fc.assert(
      fc.property(
        fc.dictionary(field, fc.constantFrom<unknown>('a', '1Gi', 0, 1, 2.5, ['a'], ['a=b'], { a: 'b' }, null)),
        (change) => {
          const entry = { ...model('a'), ...change };
          expect(modelByAjv(entry)).toBe(modelSchema.safeParse(entry).success);
        },
      ),
      { numRuns: 1000, seed: 7 },
    );
  });
});
