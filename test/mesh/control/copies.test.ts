import { describe, expect, it } from 'vitest';
import { groupName } from '../../../src/mesh/control/groups';
import { Told } from './told';

const a = 'default/a@1';
const b = 'default/b@1';
const ready = { [a]: 'ready', [b]: 'ready' } as const;
const group = (...shards: string[]) => groupName(shards);
const at = (shards: readonly string[], pods: string) => `default~a~1 ${group(...shards)}: ${pods}`;

/** Shards s1, s2, s3 of one pod each (x, y, z); `a` is in the first two. */
function started(): Told {
  const told = new Told().table('s1', a).table('s2', a, b).table('s3', b);
  for (const [pod, shard] of [
    ['x', 's1'],
    ['y', 's2'],
    ['z', 's3'],
  ] as const)
    told.pod(pod, shard);
  told
    .report('x', { [a]: 'ready' }, {}, 's1')
    .report('y', ready, {}, 's2')
    .report('z', { [b]: 'ready' }, {}, 's3');
  return told.take({ type: 'source-synced' }).settle().settle(10_000);
}

const released = (told: Told, pod: string) => told.orders.get(pod)?.released;

describe('names of groups', () => {
  it('are the shard where it is one, else short, readable, and of all its shards', () => {
    expect(groupName(['s1'])).toBe('s1');
    expect(groupName(['s1@pod'])).toBe('s1@pod');
    expect(groupName(['s1', 's2', 's3'])).toMatch(/^s1\+2\.[0-9a-f]{16}$/);
    const long = 'x'.repeat(300);
    expect(groupName([long, `${long}2`]).length).toBeLessThan(60);
    expect(groupName(['s1', 's2'])).not.toBe(groupName(['s1', 's3']));
  });
});

describe('a model in several shards', () => {
  it('is served by all of them, under one group a set of shards', () => {
    const told = started();
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x y'));
    expect(told.where('b')).toBe(`default~b~1 ${group('s2', 's3')}: y z`);
    expect(told.state.shards.map(({ shard }) => shard)).toEqual(['@none', group('s1', 's2'), group('s2', 's3')]);
    expect(told.state.shards[1]?.pods.map(({ shard }) => shard)).toEqual(['s1', 's2']);
    const { shards, models } = told.control.view({ shard: 's1', models: 'all' });
    expect(models.up).toBe(2);
    expect(shards[0]?.models).toMatchObject([{ state: 'up', route: group('s1', 's2'), routeShards: ['s1', 's2'] }]);
  });

  it('moves one copy without ever having one less', () => {
    const told = started();
    told
      .table('s1')
      .table('s3', a, b)
      .report('x', { [a]: 'leaving' }, {}, 's1')
      .report('z', { [a]: 'loading' }, {}, 's3')
      .settle(20_000);
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x y'));
    expect(released(told, 'x')).toEqual([]);
    told.report('z', { [a]: 'ready' }, {}, 's3').settle();
    expect(told.where('a')).toBe(at(['s2', 's3'], 'y z'));
    expect(released(told, 'x')).toEqual([]);
    expect(released(told.settle(6_000), 'x')).toEqual(['default~a~1']);
    expect(told.state.shards.map(({ shard }) => shard)).toEqual(['@none', group('s2', 's3')]);
  });

  it('keeps the old copy while the new one has no pod, but not for ever', () => {
    const told = started()
      .table('s1')
      .table('s4', a)
      .report('x', { [a]: 'leaving' }, {}, 's1')
      .settle(60_000);
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x y'));
    expect(told.settle(600_000).where('a')).toBe(at(['s2', 's4'], 'y'));
    told
      .pod('w', 's4')
      .report('w', { [a]: 'ready' }, {}, 's4')
      .settle();
    expect(told.where('a')).toBe(at(['s2', 's4'], 'w y'));
  });

  it('gains a copy when that is ready, and loses one at once', () => {
    const told = started()
      .table('s3', a, b)
      .report('z', { [a]: 'loading' }, {}, 's3')
      .settle();
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x y'));
    told.report('z', { [a]: 'ready' }, {}, 's3').settle();
    expect(told.where('a')).toBe(at(['s1', 's2', 's3'], 'x y z'));
    told.table('s1').table('s2', b).settle();
    expect(told.where('a')).toBe('default~a~1 s3: z');
  });

  it('is served by the other copies while one is failed, loading again, or gone', () => {
    const told = started();
    told.report('x', { [a]: 'loading' }, {}, 's1').settle();
    expect(told.where('a')).toBe(at(['s1', 's2'], 'y'));
    expect(told.control.view({ shard: null, models: 'none' }).models).toMatchObject({ up: 1, moving: 1 });
    told.report('x', { [a]: 'failed' }, {}, 's1').settle();
    expect(told.where('a')).toBe('default~a~1 s2: y');
    expect(told.control.view({ shard: null, models: 'none' }).models).toMatchObject({ up: 1, partial: 1 });
    told.report('x', { [a]: 'ready' }, {}, 's1').settle();
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x y'));
    told.take({ type: 'pod-removed', pod: 'y', revision: 99 }).settle();
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x'));
  });

  it('is served by one copy where two of a set load different models again', () => {
    const told = started().table('s2', a, b).table('s3', a, b).table('s1').report('z', ready, {}, 's3').settle();
    told.report('x', { [a]: 'gone' }, {}, 's1').settle(10_000);
    expect(told.where('a')).toBe(at(['s2', 's3'], 'y z'));
    told
      .report('y', { [a]: 'loading' }, {}, 's2')
      .report('z', { [b]: 'loading' }, {}, 's3')
      .settle();
    const where = [told.where('a'), told.where('b')];
    expect(where.map((text) => text?.split(': ')[1])).toEqual(['z', 'y']);
  });

  it('that has three copies is served by two while the third still loads', () => {
    const told = started().table('s1', a, b).table('s2', a, b).table('s3', a, b);
    told
      .report('z', ready, {}, 's3')
      .report('x', { [b]: 'loading' }, {}, 's1')
      .settle();
    expect(told.where('a')).toBe(at(['s1', 's2', 's3'], 'x y z'));
    const c = 'default/c@1';
    for (const shard of ['s1', 's2', 's3']) told.table(shard, a, c);
    told.report('y', { [c]: 'ready' }, {}, 's2').settle();
    expect(told.where('c')).toBe('default~c~1 @none: ');
    expect(told.settle(6_000).where('c')).toBe('default~c~1 s2: y');
    told.report('z', { [c]: 'ready' }, {}, 's3').settle();
    expect(told.where('c')).toBe(`default~c~1 ${group('s2', 's3')}: y z`);
    told.report('x', { [c]: 'ready' }, {}, 's1').settle();
    expect(told.where('c')).toBe(`default~c~1 ${group('s1', 's2', 's3')}: x y z`);
  });

  it('is spread over single pods too, where a copy of two pods is half there', () => {
    const told = started()
      .pod('y2', 's2')
      .report('y2', { [a]: 'failed', [b]: 'ready' }, {}, 's2')
      .settle();
    expect(told.where('a')).toBe(at(['s1', 's2@y'], 'x y'));
    expect(told.where('b')).toBe(`default~b~1 ${group('s2', 's3')}: y y2 z`);
  });

  it('keeps both old and new copies after a start in the middle of a move', () => {
    const told = new Told().table('s1').table('s2', a).table('s3', a).pod('x').pod('y', 's2').pod('z', 's3');
    told
      .report('x', { [a]: 'leaving' })
      .report('y', { [a]: 'ready' }, {}, 's2')
      .report('z', { [a]: 'loading' }, {}, 's3');
    told.take({ type: 'source-synced' }).settle();
    expect(told.where('a')).toBe(at(['s1', 's2'], 'x y'));
    told.report('z', { [a]: 'ready' }, {}, 's3').settle();
    expect(told.where('a')).toBe(at(['s2', 's3'], 'y z'));
  });
});

describe('a start', () => {
  it('takes up what single pods hold, each for what the other lost', () => {
    const told = new Told().table('s1', a, b).pod('x').pod('y');
    told
      .report('x', { [a]: 'ready', [b]: 'loading' })
      .report('y', { [b]: 'ready', [a]: 'loading' })
      .take({ type: 'source-synced' })
      .settle();
    expect(told.where('a')?.split(': ')[1]).toBe('x');
    expect(told.where('b')?.split(': ')[1]).toBe('y');
  });

  it('keeps a route to the pod that holds a model which another pod lost, and which is to move', () => {
    const told = new Told().table('s1').table('s2', a).pod('x').pod('y').pod('z', 's2');
    told
      .report('x', { [a]: 'loading' })
      .report('y', { [a]: 'leaving' })
      .report('z', {}, {}, 's2');
    told.take({ type: 'source-synced' }).settle();
    expect(told.where('a')).toBe('default~a~1 s1@y: y');
  });
});
