import { describe, expect, it } from 'vitest';
import type { MeshState, PodState, ShardModelState } from '../../src/protocol/mesh-state';
import { stateText } from '../../src/report/state-text';

const pod = (name: string, more: Partial<PodState> = {}): PodState => ({
  ...{ pod: name, address: '10.0.0.1', zone: null, alive: true, agent: 'heard', serving: true, member: true },
  ...{ table: 'current', tableProblem: null, memoryBytes: 3 * 2 ** 20, declaredBytes: 2 ** 20 },
  ...more,
});
const failed = (model: string): ShardModelState => ({
  ...{ model, served: model, residency: 'resident', state: 'failed', route: null },
  pods: [{ pod: 'a-0', state: 'failed', reason: 'it does not exist', memoryBytes: null, declaredBytes: 1 }],
});
const state = (more: Partial<MeshState> = {}): MeshState => ({
  ...{ fleet: 'zoo', router: 'r', ready: true, source: { synced: true, problem: null } },
  routes: { names: 6, underWay: false, refused: null },
  aliases: { problem: null, list: [] },
  models: { up: 2, partial: 0, moving: 0, loading: 0, failed: 0, leaving: 0 },
  shards: [{ shard: 'a', table: { revision: 1, removed: false, problem: null }, pods: [pod('a-0')], models: [] }],
  ...more,
});
const options = { color: false, width: 100 };

describe('the state of a mesh as text', () => {
  it('counts models, and says of each pod how it is', () => {
    const pods = [
      pod('a-0'),
      pod('a-1', { member: false }),
      pod('a-2', { serving: false }),
      pod('a-3', { agent: 'lost' }),
      pod('a-4', { agent: 'not-heard' }),
      pod('a-5', { alive: false }),
    ];
    const shards = [{ shard: 'a', table: { revision: 1, removed: false, problem: null }, pods, models: [] }];
    const lines = stateText(state({ shards }), options).split('\n');
    expect(lines[0]).toBe('zoo  2 models: 2 up; 6 names routed');
    const words = ['serving', 'loading', 'server down', 'agent lost', 'starting', 'ending'];
    for (const [i, word] of words.entries())
      expect(lines[i + 4]).toMatch(new RegExp(`a-${i} .*${word}.* 3 MiB +1 MiB$`));
  });

  it('says why models are not up, the first of many', () => {
    const models = Array.from({ length: 45 }, (_, i) => failed(`default/m${i}@1`));
    const [shard] = state().shards;
    const text = stateText(state({ shards: shard === undefined ? [] : [{ ...shard, models }] }), options);
    expect(text).toMatch(/default\/m0@1 +failed +it does not exist/);
    expect(text).toMatch(/\.\.\. and 5 more/);
  });

  it('says what aliases lead to', () => {
    const target = (model: string, weight: number, shareMicro: number) => ({ model, weight, shareMicro });
    const text = stateText(
      state({
        aliases: {
          problem: 'line 3',
          list: [
            {
              alias: 'acme/live',
              targets: [target('acme/m@1', 90, 1_000_000), target('acme/m@2', 10, 0)],
              mirror: { model: 'acme/m@3', shareMicro: 50_000, up: true },
            },
          ],
        },
      }),
      options,
    );
    expect(text).toContain('The route table is not used: line 3');
    expect(text).toMatch(
      /acme\/live +acme\/m@1 +90 +100 ?%\n +acme\/m@2 +10 +not up\n +acme\/m@3 +mirror +copies of 5.0%/,
    );
  });

  it('says what keeps the mesh from following', () => {
    const text = stateText(
      state({
        ready: false,
        source: { synced: true, problem: 'no API server' },
        routes: { names: 0, underWay: false, refused: 'a bad cluster' },
        shards: [{ shard: 'a', table: { revision: 1, removed: false, problem: 'line 3 is no JSON' }, pods: [] }],
      }),
      options,
    );
    for (const part of ['no routes', 'no API server', 'a bad cluster', 'shard a is not used: line 3'])
      expect(text).toContain(part);
  });
});
