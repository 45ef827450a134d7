import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharesOf, wholeShare } from '../../../src/mesh/shares';
import type { ModelState } from '../../../src/protocol/agent-api';
import type { RouteTableAlias } from '../../../src/render/route-table';
import { entry, servedOf, sourceTable } from './tables';
import { Told } from './told';

describe('shares', () => {
  it('are whole millionths that sum up to all, each within one of its exact part; 0 for a weight of 0', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 16 }), (weights) => {
        const shares = sharesOf(weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total === 0 ? 0 : wholeShare);
        for (const [i, share] of shares.entries()) {
          expect(Number.isInteger(share)).toBe(true);
          if (weights[i] === 0) expect(share).toBe(0);
          else expect(Math.abs(share - ((weights[i] as number) / total) * wholeShare)).toBeLessThanOrEqual(1);
        }
      }),
    );
    expect(sharesOf([90, 10])).toEqual([900_000, 100_000]);
  });
});

const [m1, m2, m3] = ['default/m@1', 'default/m@2', 'default/m@3'] as const;

function alias(name: string, weights: Record<string, number>, more: Partial<RouteTableAlias> = {}): RouteTableAlias {
  const targets = Object.entries(weights).map(([model, weight]) => ({ model, weight }));
  return { alias: `default/${name}`, tenant: 'default', name, targets, ...more };
}

class Aliased extends Told {
  private last = 0;

  aliases(...aliases: RouteTableAlias[]): this {
    return this.take({ type: 'aliases-changed', revision: ++this.last, aliases }).settle();
  }

  /** "served@group share" of each version that a name leads to. */
  leads(name: string, tenant = 'default'): string {
    const route = this.state.routes.find((one) => one.name === name && one.tenant === tenant);
    if (route === undefined) return 'unknown';
    const all = route.split ?? [{ ...route, shareMicro: wholeShare }];
    return all.map(({ served, shard, shareMicro }) => `${served}@${shard} ${shareMicro}`).join(', ');
  }
}

/** m@1 in s1, m@2 in s2, both up. */
function two(options = {}): Aliased {
  return new Aliased(options)
    .table('s1', m1)
    .table('s2', m2)
    .pod('s1-0')
    .pod('s2-0', 's2')
    .take({ type: 'source-synced' })
    .report('s1-0', { [m1]: 'ready' })
    .report('s2-0', { [m2]: 'ready' }, {}, 's2')
    .settle();
}

type Random = readonly [what: string, shard: number, version: number];

/** One thing that happens to versions, pods, tables or the alias; whether it makes sense then or not. */
function happen(told: Aliased, [what, at, version]: Random): void {
  const shard = `s${at}`;
  const pod = `${shard}-0`;
  const key = `default/m@${version}`;
  if (what === 'declare') told.table(shard, key, `default/m@${1 + (version % 3)}`);
  else if (what === 'empty') told.table(shard);
  else if (what === 'pod') told.pod(pod, shard);
  else if (what === 'lost') told.take({ type: 'agent-lost', pod });
  else if (what === 'alias') {
    told.aliases(alias('live', { [m1]: at, [m2]: version, [m3]: 1 }, { mirror: { model: key, shareMicro: 5 } }));
  } else if (what === 'wait') told.settle(at * 20_000);
  else told.report(pod, { [key]: what as ModelState }, {}, shard);
}

/** Whatever an alias leads to is led to by its own name, too, and by weight. */
function expectLed(told: Aliased): string {
  const { routes } = told.state;
  const live = routes.find(({ name }) => name === 'live');
  if (live === undefined) return 'unknown';
  const homes = new Map(routes.filter((route) => route !== live).map((route) => [route.served, route.shard]));
  const split = live.split ?? [{ ...live, shareMicro: wholeShare }];
  const led = split.filter(({ shard }) => shard !== '@none');
  expect(split.reduce((sum, { shareMicro }) => sum + shareMicro, 0)).toBe(wholeShare);
  for (const { served, shard } of led) expect(homes.get(served)).toBe(shard);
  if (live.mirror !== undefined) expect(homes.get(live.mirror.served)).not.toBe('@none');
  const isUp = (key: string) => (homes.get(servedOf(key)) ?? '@none') !== '@none';
  const [state] = told.control.view({ shard: null, models: 'all' }).aliases.list;
  const up = (state?.targets ?? []).filter(({ model, weight }) => weight > 0 && isUp(model));
  expect(led.map(({ served }) => served).sort()).toEqual(up.map(({ model }) => servedOf(model)).sort());
  return String(led.length);
}

describe('aliases', () => {
  it('lead at any time to just those of their versions that are up, where these are', () => {
    const what = fc.constantFrom(
      'declare',
      'empty',
      'pod',
      'lost',
      'alias',
      'wait',
      'ready',
      'ready',
      'failed',
      'gone',
    );
    const random = fc.tuple(what, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }));
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(random, { minLength: 20, maxLength: 80 }), (all) => {
        const told = two().aliases(alias('live', { [m1]: 3, [m2]: 1, [m3]: 0 }));
        for (const one of all) {
          happen(told, one);
          told.settle(1);
          seen.add(expectLed(told));
        }
      }),
      { numRuns: 100 },
    );
    expect([...seen].sort()).toEqual(['0', '1', '2', '3']);
  });

  it('lead to the versions by weight, and follow a change of weights', () => {
    const told = two().aliases(alias('live', { [m1]: 90, [m2]: 10 }));
    expect(told.leads('live')).toBe('default~m~1@s1 900000, default~m~2@s2 100000');
    told.aliases(alias('live', { [m1]: 0, [m2]: 10 }));
    expect(told.leads('live')).toBe('default~m~2@s2 1000000');
    told.aliases();
    expect(told.leads('live')).toBe('unknown');
    expect(told.leads('m')).toBe('default~m~2@s2 1000000');
  });

  it('are pushed once, and not again where nothing changed', () => {
    const told = two().aliases(alias('live', { [m1]: 90, [m2]: 10 }));
    const { state } = told;
    told.aliases(alias('live', { [m1]: 90, [m2]: 10 })).settle(1000);
    expect(told.state).toBe(state);
  });

  it('give the share of a version that is not up to the others, and back', () => {
    const told = two()
      .table('s3', m3)
      .pod('s3-0', 's3')
      .aliases(alias('live', { [m1]: 50, [m2]: 25, [m3]: 25 }));
    expect(told.leads('live')).toBe('default~m~1@s1 666667, default~m~2@s2 333333');
    told.report('s3-0', { [m3]: 'ready' }, {}, 's3').settle();
    expect(told.leads('live')).toBe('default~m~1@s1 500000, default~m~2@s2 250000, default~m~3@s3 250000');
    told.aliases(alias('later', { 'default/x@1': 1 }));
    expect(told.leads('later')).toBe('default~x~1@@none 1000000');
  });

  it('follow a version that moves: at no time do they lead where it is not', () => {
    const told = two().aliases(alias('live', { [m1]: 1, [m2]: 1 }));
    told.table('s1').table('s2', m1, m2).settle();
    expect(told.leads('live')).toBe('default~m~1@s1 500000, default~m~2@s2 500000');
    told.report('s2-0', { [m1]: 'ready' }, {}, 's2').settle();
    expect(told.leads('live')).toBe('default~m~1@s2 500000, default~m~2@s2 500000');
  });

  it('have the name of their tenant alone', () => {
    const own = { ...alias('live', { 'acme/m@1': 1 }), alias: 'acme/live', tenant: 'acme' };
    const open = two().aliases(own);
    expect([open.leads('live'), open.leads('acme~live', 'acme')]).toEqual(['unknown', 'acme~m~1@@none 1000000']);
    const closed = two({ open: false }).aliases(own);
    expect([closed.leads('live'), closed.leads('live', 'acme')]).toEqual(['unknown', 'acme~m~1@@none 1000000']);
  });

  it('go before a model of their name, whose versions stay; the name is the model’s again when they are gone', () => {
    const told = two().aliases(alias('m', { [m1]: 1 }));
    expect(told.leads('m')).toBe('default~m~1@s1 1000000');
    expect(told.leads(servedOf(m2))).toBe('default~m~2@s2 1000000');
    told.aliases();
    expect(told.leads('m')).toBe('default~m~2@s2 1000000');
    expect(told.leads(servedOf(m1))).toBe('default~m~1@s1 1000000');
  });

  it('mirror to a version that is up', () => {
    const mirror = { model: m2, shareMicro: 500_000 };
    const told = two().aliases(alias('live', { [m1]: 1 }, { mirror }));
    const route = () => told.state.routes.find(({ name }) => name === 'live');
    expect(route()).toMatchObject({ served: servedOf(m1), mirror: { served: servedOf(m2), shareMicro: 500_000 } });
    told.take({ type: 'pod-removed', pod: 's2-0', revision: 1000 }).settle(20_000);
    expect(route()?.mirror).toBeUndefined();
  });

  it('and models have timeouts: the alias’s, else the model’s, else the router’s', () => {
    const models = [{ ...entry(m1), timeoutMs: 700 }];
    const told = two({ timeoutMs: 9000 })
      .take({ type: 'table-changed', shard: 's1', table: sourceTable('s1', 900, models) })
      .aliases(alias('a', { [m1]: 1, [m2]: 1 }), alias('b', { [m1]: 1 }, { timeoutMs: 50 }));
    const timeout = (name: string) => told.state.routes.find((route) => route.name === name)?.timeoutMs;
    expect(['m', servedOf(m1), 'a', 'b'].map(timeout)).toEqual([9000, 700, 700, 50]);
    expect(told.state.routes.find(({ name }) => name === 'a')?.split?.map(({ timeoutMs }) => timeoutMs)).toEqual([
      700, 9000,
    ]);
  });

  it('that are older than known ones, or broken, change nothing; what is broken is said', () => {
    const told = two().aliases(alias('live', { [m1]: 1 }));
    told.take({ type: 'aliases-changed', revision: 0, aliases: [] }).settle();
    told.take({ type: 'aliases-broken', revision: 5, problem: 'line 3' }).settle();
    expect(told.leads('live')).toBe('default~m~1@s1 1000000');
    expect(told.control.view({ shard: null, models: 'all' }).aliases).toMatchObject({
      problem: 'line 3',
      list: [{ alias: 'default/live', targets: [{ model: m1, weight: 1, shareMicro: wholeShare }], mirror: null }],
    });
  });
});
