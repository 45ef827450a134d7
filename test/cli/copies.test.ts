import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan';
import type { PlanDiff } from '../../src/plan/plan-diff';
import { gpuModel, jsonLines, smallFleet } from './fleets';
import { cleanUp, directoryWith, stowage } from './stowage';

afterAll(cleanUp);

const models = ['a', 'b', 'c', 'd'].map((name) => gpuModel(name, '8Gi', name === 'a' ? { replicas: 2 } : {}));

function project(budgets = '{}'): string {
  return directoryWith({
    'fleet.yaml': `${smallFleet(budgets)}packing: { layout: copies }\n`,
    'models/a.jsonl': jsonLines(models),
  });
}

describe('the layout of copies on the command line', () => {
  it('is planned, locked, explained and compared', () => {
    const cwd = project();
    expect(stowage(['lock'], { cwd }).status).toBe(0);
    expect(readFileSync(join(cwd, 'stowage.lock'), 'utf8')).toMatch(/"model":"default\/a@1","in":\["\w+","\w+"\]/);
    const json = stowage(['plan', '--frozen', '--format', 'json'], { cwd });
    expect(json.status, json.stderr).toBe(0);
    const plan = JSON.parse(json.stdout) as Plan;
    expect(plan.shards.map(({ replicas }) => replicas)).toEqual(plan.shards.map(() => 1));
    expect(plan.summary.copies).toBe(5);
    expect(plan.changes).toMatchObject({ added: [], moved: [], copies: [], moveBytes: 0 });
    const explained = stowage(['explain', 'a', '--format', 'json'], { cwd });
    expect(JSON.parse(explained.stdout)).toMatchObject({ model: 'default/a@1', copies: 2, shards: [{}, {}] });
    // A plan that an earlier Stowage saved has none of the new fields.
    const { replicaSets: _, ...summary } = plan.summary;
    const { copies: __, ...changes } = plan.changes;
    writeFileSync(join(cwd, 'old.json'), JSON.stringify({ ...plan, formatVersion: '1.0', summary, changes }));
    writeFileSync(join(cwd, 'models/a.jsonl'), jsonLines([gpuModel('a', '8Gi', { replicas: 3 }), ...models.slice(1)]));
    const diff = JSON.parse(stowage(['diff', 'old.json', '--format', 'json'], { cwd }).stdout) as PlanDiff;
    expect(diff.models.copies).toEqual([{ model: 'default/a@1', before: 2, after: 3 }]);
    expect(diff.models.moved).toEqual([]);
  });

  it('holds replica sets against their budget, and a merged lockfile too', () => {
    const cwd = project('{ replicaSets: 1 }');
    const plan = stowage(['plan'], { cwd });
    expect(plan.status).toBe(3);
    expect(plan.stdout).toMatch(/replica sets +\d+ +1 .*OVER/);
    const lock = [
      '{"stowageLock":1}',
      ...['sa', 'sb'].map((id) => `{"shard":"${id}","pool":"l4","runtime":"triton","group":"shared","replicas":1}`),
      '{"model":"default/a@1","in":["sa","sb"],"gpu":1,"mem":1}',
    ];
    const side = (name: string, ...more: string[]) =>
      writeFileSync(join(cwd, name), `${[...lock, ...more].join('\n')}\n`);
    side('base');
    side('ours', '{"model":"default/b@1","in":"sa","gpu":1,"mem":1}');
    side('theirs', '{"model":"default/c@1","in":"sb","gpu":1,"mem":1}');
    const merge = stowage(['lock', 'merge', 'base', 'ours', 'theirs', 'stowage.lock'], { cwd });
    expect(merge.status, merge.stderr).toBe(0);
    expect(merge.stderr).toContain('over budget after the merge: replica sets 3 of 1');
    expect(readFileSync(join(cwd, 'ours'), 'utf8')).toContain('"in":["sa","sb"]');
  });
});
