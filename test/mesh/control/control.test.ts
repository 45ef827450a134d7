import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/mesh/control/version-order';
import type { ModelReport, SyncResponse } from '../../../src/protocol/agent-api';
import { servedOf } from './tables';
import { Told } from './told';

const a = 'default/a@1';
const b = 'default/b@1';
const synced = (told: Told) => told.take({ type: 'source-synced' }).settle();

function twoPods(...keys: string[]): Told {
  const told = new Told()
    .table('s1', ...keys)
    .pod('x')
    .pod('y');
  const ready = Object.fromEntries(keys.map((key) => [key, 'ready' as const]));
  return synced(told.report('x', ready).report('y', ready));
}

describe('names', () => {
  it('orders versions by the value of their numbers', () => {
    const versions = ['10', '9', '2', '1', 'v10', 'v9', '1.10', '1.9', '01', 'b', 'a'];
    expect(versions.sort(compareVersions)).toEqual(['01', '1', '1.9', '1.10', '2', '9', '10', 'a', 'b', 'v9', 'v10']);
  });

  it('of other tenants are asked for with the tenant where callers are not told apart', () => {
    const keys = ['default/a@1', 't/a@1', 't/a@2'];
    const names = (open: boolean) => {
      const told = new Told({ open }).table('s1', ...keys).pod('x');
      synced(told.report('x', Object.fromEntries(keys.map((key) => [key, 'ready']))));
      return told.state.routes.map(({ tenant, name, served }) => `${tenant} ${name}=${served}`);
    };
    // One each; Envoy's filter finds the other spellings.
    const own = 'default a=default~a~1';
    expect(names(true)).toEqual([own, 't t~a=t~a~2', 't t~a~1=t~a~1']);
    expect(names(false)).toEqual([own, 't a=t~a~2', 't t~a~1=t~a~1']);
  });

  it('are their newest version that is up; with none up, callers hear that there is none now', () => {
    const told = twoPods(a);
    told.table('s1', a, 'default/a@2').report('x', { 'default/a@2': 'loading' }).settle();
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    expect(told.where('default~a~2')).toBe('default~a~2 @none: ');
    told.report('x', { 'default/a@2': 'ready' }).report('y', { 'default/a@2': 'ready' }).settle();
    expect(told.where('a')).toBe('default~a~2 s1: x y');
  });
});

describe('a model that one pod cannot load', () => {
  it('is served by the other alone; the rest keeps both', () => {
    const told = twoPods(a)
      .table('s1', a, b)
      .report('x', { [b]: 'ready' })
      .report('y', { [b]: 'failed' })
      .settle();
    expect(told.where('b')).toBe('default~b~1 s1@x: x');
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    // Trying again takes nothing away; success makes it whole.
    expect(
      told
        .report('y', { [b]: 'loading' })
        .settle()
        .where('b'),
    ).toBe('default~b~1 s1@x: x');
    expect(
      told
        .report('y', { [b]: 'ready' })
        .settle()
        .where('b'),
    ).toBe('default~b~1 s1: x y');
  });

  it('and that then fails everywhere has no pod, and says why', () => {
    const told = twoPods(a, b)
      .report('x', { [b]: 'failed' })
      .settle();
    expect(told.where('b')).toBe('default~b~1 s1@y: y');
    expect(
      told
        .report('y', { [b]: 'failed' })
        .settle()
        .where('b'),
    ).toBe('default~b~1 @none: ');
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    const view = told.control.view({ shard: null, models: 'problems' });
    expect(view.models).toMatchObject({ up: 1, failed: 1 });
    expect(view.shards[0]?.models).toMatchObject([{ model: b, state: 'failed', pods: [{ reason: 'bad file' }, {}] }]);
  });
});

describe('pods', () => {
  it('join when they hold all that is routed, whatever they lack besides', () => {
    const told = twoPods(a, b)
      .pod('z')
      .report('z', { [a]: 'ready', [b]: 'loading' })
      .settle();
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    expect(
      told
        .report('z', { [b]: 'ready' })
        .settle()
        .where('a'),
    ).toBe('default~a~1 s1: x y z');
  });

  it('that start anew leave at once, and do not hold up new models meanwhile', () => {
    const told = twoPods(a);
    told.report('y', { [a]: 'loading' }).settle();
    expect(told.where('a')).toBe('default~a~1 s1: x');
    told
      .table('s1', a, b)
      .report('x', { [b]: 'ready' })
      .settle();
    expect(told.where('b')).toBe('default~b~1 s1: x');
  });

  it('that drain get no requests, and hear it once none is under way', () => {
    const told = twoPods(a).settle(10_000);
    told.report('y', {}, { serving: false }).settle();
    expect(told.where('a')).toBe('default~a~1 s1: x');
    expect(told.orders.get('y')?.routed).toBe(true);
    expect(told.settle(6_000).orders.get('y')?.routed).toBe(false);
  });

  it('whose agents are lost are left out while others are heard, and kept when none is', () => {
    const told = twoPods(a);
    expect(told.take({ type: 'agent-lost', pod: 'x' }).settle().where('a')).toBe('default~a~1 s1: y');
    told.take({ type: 'agent-lost', pod: 'y' }).settle();
    expect(told.where('a')).toBe('default~a~1 s1: y');
    expect(told.report('x', {}).settle().where('a')).toBe('default~a~1 s1: x');
  });
});

describe('tables', () => {
  it('are pushed to agents that lack them, not to those that know a later one or refused', () => {
    const told = twoPods(a);
    const table = told.orders.get('x')?.table;
    expect(Object.values(table?.parts ?? {}).join('')).toContain(`"model":"${a}"`);
    const digest = table?.digest ?? '';
    told.report('x', {}, { tableDigest: digest }).report('y', {}, { tableDigest: 'newer', tableRevision: 99 });
    expect(told.orders.get('x')?.table).toBeNull();
    expect(told.orders.get('y')?.table).toBeNull();
  });

  it('that are gone change nothing while the shard has pods', () => {
    const told = twoPods(a).take({ type: 'table-removed', shard: 's1', revision: 50 }).settle(200_000);
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    told.take({ type: 'pod-removed', pod: 'x', revision: 51 }).take({ type: 'pod-removed', pod: 'y', revision: 51 });
    expect(told.settle(200_000).where('a')).toBeUndefined();
  });

  it('that are broken leave the last good one in use, and are reported', () => {
    const told = twoPods(a).take({ type: 'table-broken', shard: 's1', revision: 50, problem: 'line 3' }).settle();
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    expect(told.control.view({ shard: 's1', models: 'none' }).shards[0]?.table.problem).toBe('line 3');
  });

  it('that lost a model leave it in service for a while: another may be about to get it', () => {
    const told = twoPods(a, b).settle(10_000);
    told
      .table('s1', a)
      .report('x', { [b]: 'leaving' })
      .report('y', { [b]: 'leaving' })
      .settle();
    expect(told.where('b')).toBe('default~b~1 s1: x y');
    expect(told.orders.get('x')?.released).toEqual([]);
    told.settle(60_000);
    expect(told.where('b')).toBeUndefined();
    expect(told.orders.get('x')?.released).toEqual([]);
    expect(told.settle(6_000).orders.get('x')?.released).toEqual(['default~b~1']);
  });
});

describe('reports', () => {
  const report = (told: Told, more: Partial<SyncResponse>, asked: { instance: string | null; since: number }) => {
    const models: ModelReport[] = [
      {
        ...{ model: a, served: servedOf(a), state: 'loading', residency: 'resident' },
        ...{ reason: null, memoryBytes: null, declaredBytes: 1 },
      },
    ];
    const response: SyncResponse = {
      ...{ pod: 'x', shard: 's1', instance: 'x', revision: 9, serving: true, full: false },
      ...{ tableDigest: null, tableRevision: 0, tableProblem: null, models, ...more },
    };
    const event = { type: 'agent-report', pod: 'x', asked: { ...asked, tableDigest: null }, response } as const;
    return told.take(event).settle().where('a');
  };

  it('change nothing when they are stale, leave a gap, or are of another pod, shard or earlier instance', () => {
    const told = twoPods(a).report('x', {}).report('x', {});
    const whole = 'default~a~1 s1: x y';
    expect(report(told, { revision: 2 }, { instance: 'x', since: 1 })).toBe(whole);
    expect(report(told, {}, { instance: 'x', since: 5 })).toBe(whole);
    expect(report(told, { instance: 'new' }, { instance: 'x', since: 3 })).toBe(whole);
    expect(report(told, { instance: 'old', full: true }, { instance: null, since: 0 })).toBe(whole);
    expect(report(told, { pod: 'z' }, { instance: 'x', since: 3 })).toBe(whole);
    expect(report(told, { shard: 's2' }, { instance: 'x', since: 3 })).toBe(whole);
    expect(told.orders.get('x')).toMatchObject({ instance: 'x', since: 3 });
    expect(report(told, {}, { instance: 'x', since: 3 })).toBe('default~a~1 s1: y');
    expect(report(told, { instance: 'new', full: true, models: [] }, { instance: 'x', since: 9 })).toBe(
      'default~a~1 s1: y',
    );
    expect(told.orders.get('x')).toMatchObject({ instance: 'new', since: 9 });
  });
});

describe('a model that was let go', () => {
  it('gets no route there again before the agent says that it stays', () => {
    const told = twoPods(a).table('s2').pod('z', 's2').report('z', {}, {}, 's2').settle(10_000);
    told
      .table('s1')
      .table('s2', a)
      .report('z', { [a]: 'ready' }, {}, 's2')
      .settle();
    told
      .report('x', { [a]: 'leaving' })
      .report('y', { [a]: 'leaving' })
      .settle()
      .settle(6_000);
    expect(told.orders.get('x')?.released).toEqual(['default~a~1']);
    told.take({ type: 'pod-removed', pod: 'z', revision: 99 }).settle();
    expect(told.where('a')).toBe('default~a~1 @none: ');
    told.table('s1', a).table('s2').settle();
    expect(told.where('a')).toBe('default~a~1 @none: ');
    told
      .report('x', { [a]: 'ready' })
      .report('y', { [a]: 'ready' })
      .settle();
    expect(told.where('a')).toBe('default~a~1 s1: x y');
  });
});

describe('a model that a slow pod still loads', () => {
  it('waits for it a while, then is served by the other alone', () => {
    const told = twoPods(a)
      .table('s1', a, b)
      .report('x', { [b]: 'ready' })
      .report('y', { [b]: 'loading' })
      .settle();
    expect(told.settle(4_000).where('b')).toBe('default~b~1 @none: ');
    expect(told.settle(2_000).where('b')).toBe('default~b~1 s1@x: x');
    expect(told.where('a')).toBe('default~a~1 s1: x y');
    expect(
      told
        .report('y', { [b]: 'ready' })
        .settle()
        .where('b'),
    ).toBe('default~b~1 s1: x y');
  });
});

describe('a start', () => {
  it('waits for agents to be heard before it replaces what Envoy has, but not for ever', () => {
    const told = new Told()
      .table('s1', a)
      .pod('x')
      .pod('y')
      .report('x', { [a]: 'ready' });
    synced(told);
    expect(told.state.routes).toEqual([]);
    expect(told.settle(20_000).where('a')).toBe('default~a~1 s1: x');
  });

  it('takes models up where they are held, though their tables moved on', () => {
    const told = new Told().table('s1').table('s2', a).pod('x').pod('y', 's2');
    synced(told.report('x', { [a]: 'leaving' }).report('y', { [a]: 'loading' }, {}, 's2'));
    expect(told.where('a')).toBe('default~a~1 s1: x');
    told.report('y', { [a]: 'ready' }, {}, 's2').settle();
    expect(told.where('a')).toBe('default~a~1 s2: y');
  });

  it('lets nothing go before what an earlier meshd left with Envoy is replaced and drained', () => {
    const told = new Told().table('s1').table('s2', a).pod('x').pod('z', 's2');
    synced(told.report('x', { [a]: 'leaving' }).report('z', { [a]: 'ready' }, {}, 's2'));
    expect(told.where('a')).toBe('default~a~1 s2: z');
    expect(told.orders.get('x')?.released).toEqual([]);
    expect(told.settle(6_000).orders.get('x')?.released).toEqual(['default~a~1']);
  });
});
