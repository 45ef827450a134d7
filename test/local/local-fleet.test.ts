import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { absoluteUri, localPlan, neededParts } from '../../src/local/local-fleet';
import { planFleet } from '../../src/project/plan-fleet';
import { parseModelTable } from '../../src/render/parse-model-table';

const ports = { http: 1, grpc: 2, metrics: 3, agent: 4, proxy: 5 };
const options = { fleetFile: '/srv/fleets/fleet.yaml', ports, replicas: null };

function planned(models: FleetInput['models']) {
  const fleet = defineFleet({
    name: 'here',
    packing: { layout: 'equal' },
    pools: [
      { name: 'cpu', cpu: 16, memory: '64Gi' },
      { name: 'gpu', cpu: 16, memory: '64Gi', accelerator: { kind: 'L4', memory: '23034Mi', perNode: 1 } },
    ],
    models,
  } as FleetInput);
  return planFleet(fleet);
}

const iris = { name: 'iris', format: 'sklearn', storageUri: 'file:models/iris', memory: '10Mi', replicas: 3 };
const lora = {
  name: 'chat',
  format: 'lora',
  runtime: 'llm',
  storageUri: 'hf://me/chat',
  memory: '10Mi',
  gpuMemory: '10Mi',
};

describe('what of a plan runs here', () => {
  it('is each shard of an installed kind, with its table for this machine', () => {
    const { fleet, plan } = planned([iris] as FleetInput['models']);
    expect(neededParts(fleet, plan)).toEqual(['mlserver']);
    const { served, warnings } = localPlan(fleet, plan, options);
    expect(warnings).toEqual([]);
    expect(served).toMatchObject([{ part: 'mlserver', replicas: 3 }]);
    const table = parseModelTable(served[0]?.table ?? {});
    expect(table.header.runtime.ports).toEqual({ http: 1, grpc: 2, metrics: 3 });
    expect(table.models.map(({ storageUri }) => storageUri)).toEqual(['file:///srv/fleets/models/iris']);
  });

  it('has no more pods than asked for', () => {
    const { fleet, plan } = planned([iris] as FleetInput['models']);
    expect(localPlan(fleet, plan, { ...options, replicas: 2 }).served[0]?.replicas).toBe(2);
    expect(localPlan(fleet, plan, { ...options, replicas: 9 }).served[0]?.replicas).toBe(3);
  });

  it('leaves other runtimes out and says which shards; nothing at all is refused', () => {
    const base = { name: 'base', storageUri: 'hf://me/base', gpuMemory: '1Gi', memory: '1Gi' };
    const withLlm = (models: readonly object[]) => {
      const fleet = defineFleet({
        name: 'here',
        packing: { layout: 'equal' },
        pools: [
          { name: 'cpu', cpu: 16, memory: '64Gi' },
          { name: 'gpu', cpu: 16, memory: '64Gi', accelerator: { kind: 'L4', memory: '23034Mi', perNode: 1 } },
        ],
        runtimes: [{ name: 'llm', extends: 'vllm', baseModels: [base] }],
        models: models as never,
      } as FleetInput);
      return planFleet(fleet);
    };
    const both = withLlm([iris, { ...lora, base: 'base' }]);
    const { served, warnings } = localPlan(both.fleet, both.plan, options);
    expect(served).toHaveLength(1);
    expect(warnings).toMatchObject([{ code: 'STW6202', severity: 'warning', message: expect.stringContaining('llm') }]);
    const none = withLlm([{ ...lora, base: 'base' }]);
    expect(() => localPlan(none.fleet, none.plan, options)).toThrow(/STW6202/);
  });
});

describe('a file URI', () => {
  it.each([
    ['file:models/iris', '/base/models/iris'],
    ['file:./models/iris', '/base/models/iris'],
    ['file://./iris', '/base/iris'],
    ['file:../iris', '/iris'],
    ['file:a%20b', '/base/a b'],
  ])('%s starts at the fleet file', (uri, path) => expect(absoluteUri(uri, '/base')).toBe(pathToFileURL(path).href));

  it.each(['file:///srv/iris', 'file:/srv/iris', 's3://models/iris', 'hf://me/iris', 'file://host/iris'])(
    '%s stays as it is',
    (uri) => expect(absoluteUri(uri, '/base')).toBe(uri),
  );
});
