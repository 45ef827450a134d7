import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelRoute, RouteState, ShardEndpoints } from '../../../src/mesh/route-state';
import { defaultLimits } from '../../../src/mesh/xds/clusters';
import { type Published, publish } from '../../../src/mesh/xds/published';
import { rewriteKey, rewriteOf } from '../../../src/mesh/xds/rewrites';
import { StepPlanner } from '../../../src/mesh/xds/steps';
import { stateOf } from './asking';

const nothing = (): Published => ({
  clusters: new Map(),
  endpoints: new Map(),
  tables: new Map(),
  scopes: new Map(),
});

const shardNames = ['s0', 's1', 's2'];
const pod = (n: number) => ({
  pod: `p${n}`,
  address: `10.0.0.${n}`,
  http: 80,
  grpc: 81,
  proxy: 82,
  zone: null,
  shard: 's0',
});

const anyShard = (shard: string): fc.Arbitrary<ShardEndpoints> =>
  fc.record({
    shard: fc.constant(shard),
    protocols: fc.subarray(['v2-rest', 'v2-grpc', 'v1-rest', 'openai'] as const, { minLength: 1 }),
    pods: fc.subarray([1, 2, 3, 4]).map((numbers) => numbers.map(pod)),
  });

const anyRoute: fc.Arbitrary<ModelRoute> = fc
  .record({
    tenant: fc.constantFrom('a', 'b'),
    model: fc.constantFrom('m', 'n', 'a'),
    version: fc.constantFrom('1', '2'),
    form: fc.constantFrom('name', 'qualified', 'served', 'alias'),
    shard: fc.constantFrom(...shardNames),
    residency: fc.constantFrom('resident' as const, 'on-demand' as const),
    timeoutMs: fc.constantFrom(1000, 2500),
  })
  .map(({ tenant, model, version, form, ...rest }) => {
    const served = `${tenant}~${model}~${version}`;
    const name = { name: model, qualified: `${tenant}~${model}`, served, alias: 'best' }[form];
    return { tenant, name, served, ...rest };
  });

const anyState: fc.Arbitrary<RouteState> = fc
  .tuple(
    fc.uniqueArray(anyRoute, { selector: ({ tenant, name }) => `${tenant}/${name}`, maxLength: 8 }),
    fc.tuple(...shardNames.map(anyShard)),
    fc.subarray(shardNames),
  )
  .map(([routes, shards, kept]) =>
    stateOf(
      routes,
      shards.filter(({ shard }) => kept.includes(shard) || routes.some((route) => route.shard === shard)),
    ),
  );

/** What Envoys are told, as plain text. */
const shown = (published: Published) => ({
  clusters: [...published.clusters].map(([name, { version }]) => `${name} ${version}`).sort(),
  endpoints: [...published.endpoints].map(([name, { version }]) => `${name} ${version}`).sort(),
  tables: [...published.tables].map(([name, { version }]) => `${name} ${version}`).sort(),
  scopes: [...published.scopes].map(([name, table]) => `${name} ${table}`).sort(),
});

/** Clusters that a table sends to, as its encoded form spells them. */
const sendsTo = (published: Published, table: string): string[] => {
  const text = published.tables.get(table)?.body().value.toString('latin1') ?? '';
  return [...text.matchAll(/s\d\/(?:http|grpc|proxy-grpc|proxy)(?![\w-])/g)].map(([name]) => name);
};

describe('steps from one route state to the next', () => {
  it('always end where a fresh start would, and never leave a scope without table, cluster and endpoints', () => {
    fc.assert(
      fc.property(fc.array(anyState, { minLength: 1, maxLength: 5 }), (states) => {
        const planner = new StepPlanner(defaultLimits);
        const published = nothing();
        for (const state of states) {
          for (const step of planner.plan(state, published)) {
            publish(published, step);
            for (const table of published.scopes.values()) {
              expect(published.tables.has(table)).toBe(true);
              for (const cluster of sendsTo(published, table)) {
                expect(published.clusters.has(cluster)).toBe(true);
                expect(published.endpoints.has(cluster)).toBe(true);
              }
            }
          }
        }
        const fresh = nothing();
        for (const step of new StepPlanner(defaultLimits).plan(states.at(-1) as RouteState, fresh))
          publish(fresh, step);
        expect(shown(published)).toEqual(shown(fresh));
      }),
      { numRuns: 150 },
    );
  });

  it('are none when nothing changes', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const planner = new StepPlanner(defaultLimits);
        const published = nothing();
        for (const step of planner.plan(state, published)) publish(published, step);
        expect(planner.plan(structuredClone(state), published)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('a move between known shards is one step of one scope', () => {
    const planner = new StepPlanner(defaultLimits);
    const published = nothing();
    const at = (shard: string) =>
      stateOf(
        ['m', 'n'].flatMap((name) =>
          ['s0', 's1'].map((on) => ({
            tenant: 'default',
            name: on === 's0' ? name : `${name}${on}`,
            served: `default~${on === 's0' ? name : `${name}${on}`}~1`,
            shard: name === 'm' && on === 's0' ? shard : on,
            residency: 'resident' as const,
            timeoutMs: 1000,
          })),
        ),
        ['s0', 's1'].map((name) => ({ shard: name, protocols: ['v2-rest'] as const, pods: [pod(1)] })),
      );
    for (const step of planner.plan(at('s0'), published)) publish(published, step);
    const steps = planner.plan(at('s1'), published);
    expect(steps).toEqual([[{ kind: 'scopes', set: new Map([['default/m', 's1:r1000:default~*~1']]), removed: [] }]]);
  });

  it('take a scope away only when what takes its place is there', () => {
    const planner = new StepPlanner(defaultLimits);
    const published = nothing();
    const versions = (newest: string, ...others: string[]) =>
      stateOf(
        [['m', newest], ...others.map((served) => [served, served])].map(([name = '', served = '']) => ({
          ...{ tenant: 'default', name, served, shard: 's0', residency: 'resident' as const, timeoutMs: 1000 },
        })),
        [{ shard: 's0', protocols: ['v2-rest'], pods: [pod(1)] }],
      );
    const [one, two, three] = ['default~m~1', 'default~m~2', 'default~m~3'] as const;
    for (const step of planner.plan(versions(three, one, two), published)) publish(published, step);
    const scopes = planner
      .plan(versions(two, one), published)
      .map((step) => step.flatMap(({ kind, set, removed }) => (kind === 'scopes' ? [[...set.keys()], removed] : [])));
    // The first holds the new table.
    expect(scopes.slice(1, 3)).toEqual([
      [['default/m'], []],
      [[], ['default/default~m~2']],
    ]);
  });

  it('give a moving shard only pods that serve both before and after, until the move is done', () => {
    const planner = new StepPlanner(defaultLimits);
    const published = nothing();
    const one = (pods: readonly number[], names: readonly string[]) =>
      stateOf(
        names.map((name) => ({
          tenant: 'default',
          name,
          served: `default~${name}~1`,
          shard: 's0',
          residency: 'resident' as const,
          timeoutMs: 1000,
        })),
        [{ shard: 's0', protocols: ['v2-rest'], pods: pods.map(pod) }],
      );
    for (const step of planner.plan(one([1, 2], ['m', 'n']), published)) publish(published, step);
    const kinds = planner.plan(one([2, 3], ['n']), published).map((step) => step.map(({ kind }) => kind));
    expect(kinds).toEqual([['endpoints'], ['scopes'], ['endpoints']]);
  });

  it('refuse a route to a shard that is not there', () => {
    const state = {
      routes: [{ tenant: 't', name: 'm', served: 't~m~1', shard: 'x', residency: 'resident', timeoutMs: 1 }],
      shards: [],
    } as const;
    expect(() => new StepPlanner(defaultLimits).plan(state, nothing())).toThrow('unknown shard x');
  });
});

describe('rewrites', () => {
  it.each([
    ['m', 'default~m~1', 'default~*~1'],
    ['default~m', 'default~m~1', '*~1'],
    ['default~m~1', 'default~m~1', '*'],
    ['a', 'a~a~1', 'a~*~1'],
    ['best', 'a~m~1', '=a~m~1'],
    ['a', 'a~m~a', '=a~m~a'],
  ])('%s served as %s: %s', (name, served, key) => {
    expect(rewriteKey(rewriteOf({ name, served }))).toBe(key);
  });

  it('always give the served name', () => {
    fc.assert(
      fc.property(anyRoute, (route) => {
        const rewrite = rewriteOf(route);
        const made = rewrite.kind === 'around' ? `${rewrite.prefix}${route.name}${rewrite.suffix}` : rewrite.served;
        expect(made).toBe(route.served);
      }),
    );
  });
});
