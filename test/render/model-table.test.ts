import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet, ServingRuntime } from '../../src/declare/fleet';
import type { ModelInput } from '../../src/declare/input';
import { StowageError } from '../../src/errors/stowage-error';
import type { PlannedShard } from '../../src/plan/plan';
import { modelTableSchema } from '../../src/render/model-table';
import { tableParts } from '../../src/render/model-table-parts';
import { parseModelTable } from '../../src/render/parse-model-table';
import { partLimitBytes } from '../../src/render/table-parts';
import { fleetInputs } from '../support/fleets';
import { objectsOf, type Rendered, rendered, wideFleet } from './support';

const matches = new Ajv2020({ allowUnionTypes: true }).compile(modelTableSchema());

/** The parts of a shard as an agent finds them in its volume. */
function partsOf({ groups }: Rendered, shard: string): Record<string, string> {
  const group = groups.find((candidate) => candidate.shard === shard);
  return Object.assign({}, ...objectsOf(group ? [group] : [], 'ConfigMap').map((object) => object.data));
}

function oneShard(models: readonly ModelInput[]): { fleet: Fleet; shard: PlannedShard; runtime: ServingRuntime } {
  const fleet = defineFleet({ name: 'many', pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }], models });
  const capacity = { acceleratorMemoryBytes: 0, microDuty: 0, memoryBytes: 1, cpuMillis: 1, diskBytes: 1, models: 1 };
  const shard: PlannedShard = {
    id: 'sbig',
    pool: 'cpu',
    runtime: 'mlserver',
    base: null,
    group: 'shared',
    nodeIsolated: false,
    zones: [],
    replicas: 1,
    models: fleet.models.map(({ key }) => key),
    used: capacity,
    capacity,
    sizes: { acceleratorMemoryBytes: [], memoryBytes: [], diskBytes: [] },
  };
  return { fleet, shard, runtime: fleet.runtimes[0] as ServingRuntime };
}

const small = (i: number): ModelInput => ({
  name: `model-${i}`,
  format: 'sklearn',
  storageUri: `s3://models/${'x'.repeat(200)}/${i}`,
  memory: '1Mi',
});
const some = (count: number) => Array.from({ length: count }, (_, i) => small(i));

function split(models: readonly ModelInput[]): Record<string, string> {
  const { fleet, shard, runtime } = oneShard(models);
  return Object.fromEntries(tableParts(fleet.name, shard, runtime, fleet.models).map(({ file, text }) => [file, text]));
}

const line = (parts: Record<string, string>, n: number) => (parts['models-0.jsonl'] ?? '').split('\n')[n] ?? '';

function problem(parts: Record<string, string>): string[] {
  try {
    parseModelTable(parts);
  } catch (error) {
    if (StowageError.is(error)) return error.diagnostics.map(({ code, message }) => `${code} ${message}`);
    throw error;
  }
  return [];
}

describe('model table', () => {
  it('says of each shard what the plan says, and is read back as it was', () => {
    fc.assert(
      fc.property(fleetInputs({ budgets: false }), (input) => {
        const all = rendered(input);
        const byKey = new Map(all.fleet.models.map((model) => [model.key, model]));
        for (const shard of all.plan.shards) {
          const table = parseModelTable(partsOf(all, shard.id));
          expect(table.models.map(({ model }) => model)).toEqual(shard.models);
          expect(table.header).toMatchObject({ fleet: all.fleet.name, shard: shard.id, base: shard.base });
          expect(table.header.capacity.memoryBytes).toBe(shard.capacity.memoryBytes);
          for (const entry of table.models) {
            const model = byKey.get(entry.model);
            expect(entry).toMatchObject({ tenant: model?.tenant, replicas: model?.replicas });
            expect(model?.load).toMatchObject(entry.load);
            expect(entry.labels ?? {}).toEqual(model?.labels);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('has only lines that its published schema takes, in ASCII', () => {
    const all = rendered(wideFleet);
    for (const { id } of all.plan.shards) {
      for (const text of Object.values(partsOf(all, id))) {
        expect(text).toMatch(/^[\n -~]*\n$/);
        for (const content of text.trimEnd().split('\n')) expect(matches(JSON.parse(content))).toBe(true);
      }
    }
    expect(matches({ tableVersion: 2 })).toBe(false);
    expect(matches({ model: 'a/b@1' })).toBe(false);
  });

  it('names models for their server so that no two tenants meet', () => {
    const twice = ['a', 'b.c'].map((tenant) => ({ ...small(1), tenant }));
    const names = parseModelTable(split([...twice, { ...small(1), tenant: 'a', version: '2' }])).models;
    expect(names.map(({ served }) => served)).toEqual(['a~model-1~1', 'a~model-1~2', 'b.c~model-1~1']);
  });

  it('is one part while it fits, and cut in two where it does not', () => {
    expect(Object.keys(split(some(100)))).toEqual(['models-0.jsonl']);
    const parts = split(some(2000));
    expect(Object.keys(parts)).toEqual(['models-0.jsonl', 'models-4.jsonl']);
    for (const text of Object.values(parts)) expect(text.length).toBeLessThanOrEqual(partLimitBytes);
    expect(parseModelTable(parts).models).toHaveLength(2000);
  });

  it('changes one part for one more model', () => {
    for (const count of [100, 2000, 6000]) {
      const before = split(some(count));
      const after = split(some(count + 1));
      expect(Object.keys(after)).toEqual(Object.keys(before));
      expect(Object.keys(after).filter((file) => after[file] !== before[file])).toHaveLength(1);
    }
  });

  it('refuses more than its parts hold, and a line that no part holds', () => {
    expect(() => split(some(16_000))).toThrow(/the 16000 models of shard sbig need more than the 8 parts/);
    const labels = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`label-${i}`, 'n'.repeat(4000)]));
    expect(() => split([...some(3), { ...small(7), labels }])).toThrow(/the line of default\/model-7@1/);
  });

  it('is the union of its parts while one is being cut in two', () => {
    const before = split(some(1200));
    const after = split(some(2000));
    const between = { ...after, 'models-0.jsonl': before['models-0.jsonl'] ?? '' };
    const keys = parseModelTable(between).models.map(({ model }) => model);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { model } of parseModelTable(before).models) expect(keys).toContain(model);
  });
});

describe('reading a model table', () => {
  const parts = split(some(2));
  const header = line(parts, 0);
  const first = line(parts, 1);
  const withText = (...lines: string[]) => ({ 'models-0.jsonl': `${lines.join('\n')}\n` });

  it('skips fields and lines that it does not know', () => {
    const later = { ...JSON.parse(first), canary: { weight: 10 } };
    const table = parseModelTable(withText(header, '{"alias":"latest","of":"x"}', JSON.stringify(later)));
    expect(table.models.map(({ model }) => model)).toEqual(['default/model-0@1']);
  });

  it('names file, line and field of everything that is wrong', () => {
    const wrong = JSON.stringify({ ...JSON.parse(first), priority: 1001 });
    const { served: _, ...lacking } = JSON.parse(first);
    expect(problem(withText(header, 'no json', wrong, JSON.stringify(lacking), first, first))).toEqual([
      'STW4005 line 2 of models-0.jsonl: not a JSON object',
      'STW4005 line 3 of models-0.jsonl: "priority" must be a whole number from 0 to 1000',
      'STW4005 line 4 of models-0.jsonl: "served" is missing',
      'STW4005 line 5 of models-0.jsonl: "default/model-0@1" stands there twice',
      'STW4005 line 6 of models-0.jsonl: "default/model-0@1" stands there twice',
    ]);
  });

  it('refuses what has no header, no part, or parts of two shards', () => {
    expect(problem({})).toEqual(['STW4005 the model table has no part']);
    expect(problem({ a: '' })).toEqual(['STW4005 line 1 of a: the header is missing']);
    expect(problem({ a: first })).toEqual(['STW4005 line 1 of a: the header is missing']);
    const other = header.replace('"shard":"sbig"', '"shard":"other"').replace('"part":0', '"part":1');
    expect(problem({ a: header, b: other })).toEqual([
      'STW4005 line 1 of b: fleet and shard are not those of the other parts',
    ]);
  });

  it('refuses a version from the future by its own code', () => {
    expect(problem(withText('{"tableVersion":2,"new":true}'))).toEqual([
      'STW4006 models-0.jsonl has the version 2; this one reads 1',
    ]);
  });

  it('refuses two models of one served name', () => {
    const same = { ...JSON.parse(line(parts, 2)), served: JSON.parse(first).served };
    expect(problem(withText(header, first, JSON.stringify(same)))).toEqual([
      'STW4005 line 3 of models-0.jsonl: "default/model-1@1" has the same served name as "default/model-0@1"',
    ]);
  });

  it('never throws anything else, whatever the text', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.string()), (any) => void problem(any)));
    fc.assert(fc.property(fc.jsonValue(), (any) => void problem(withText(header, JSON.stringify(any)))));
  });
});
