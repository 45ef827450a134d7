import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Alias, Fleet } from '../../src/declare/fleet';
import { StowageError } from '../../src/errors/stowage-error';
import type { KubernetesObject } from '../../src/render/objects';
import { parseRouteTable } from '../../src/render/parse-route-table';
import { routeTableSchema } from '../../src/render/route-table';
import { routeTables } from '../../src/render/route-table-parts';
import { partLimitBytes } from '../../src/render/table-parts';
import { objectsOf, rendered } from './support';

const matches = new Ajv2020({ allowUnionTypes: true }).compile(routeTableSchema());

const base = defineFleet({
  name: 'shop',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: [{ name: 'a', format: 'sklearn', storageUri: 's3://a', memory: '1Gi' }],
});
const alias = (name: string, more: Partial<Alias> = {}): Alias => ({
  key: `acme/${name}`,
  tenant: 'acme',
  name,
  targets: [
    { model: 'acme/a@1', weight: 90 },
    { model: 'acme/a@2', weight: 10 },
  ],
  mirror: null,
  timeoutMs: null,
  source: {},
  ...more,
});
const withAliases = (aliases: readonly Alias[]): Fleet => ({ ...base, aliases });
const filesOf = (objects: readonly KubernetesObject[]): Record<string, string> =>
  Object.assign({}, ...objects.map(({ data }) => data));
const codes = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (StowageError.is(error)) return error.diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n');
    throw error;
  }
  return '';
};

describe('the route table', () => {
  it('is rendered with the fleet where it has aliases, and reads back', () => {
    const input = {
      name: 'shop',
      pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
      models: ['1', '2', '3'].map((version) => ({
        ...{ name: 'a', version, tenant: 'acme', format: 'sklearn', storageUri: 's3://a', memory: '1Gi' },
      })),
    };
    const aliases = [
      {
        ...{ name: 'live', tenant: 'acme', timeoutSeconds: 2, mirror: { model: 'a@3', share: 0.5 } },
        targets: [
          { model: 'a@1', weight: 90 },
          { model: 'a@2', weight: 10 },
        ],
      },
    ];
    const routes = (groups: ReturnType<typeof rendered>['groups']) =>
      objectsOf(groups, 'ConfigMap').filter(({ metadata }) => metadata.labels?.['stowage.dev/table'] === 'routes');
    expect(routes(rendered(input).groups)).toEqual([]);
    const { groups } = rendered({ ...input, aliases });
    const [map, ...more] = routes(groups);
    expect(more).toEqual([]);
    expect(map?.metadata).toMatchObject({ name: 'shop-routes-0', namespace: 'shop' });
    const files = map?.data as Record<string, string>;
    expect(parseRouteTable(files)).toEqual({
      fleet: 'shop',
      aliases: [
        {
          alias: 'acme/live',
          tenant: 'acme',
          name: 'live',
          targets: [
            { model: 'acme/a@1', weight: 90 },
            { model: 'acme/a@2', weight: 10 },
          ],
          mirror: { model: 'acme/a@3', shareMicro: 500_000 },
          timeoutMs: 2000,
        },
      ],
    });
    for (const line of (files['routes-0.jsonl'] ?? '').trim().split('\n')) {
      expect(matches(JSON.parse(line)), line).toBe(true);
    }
    // Nothing else of the fleet knows of them.
    const others = (all: ReturnType<typeof rendered>['groups']) =>
      objectsOf(all).filter(({ metadata }) => metadata.labels?.['stowage.dev/table'] === undefined);
    expect(others(groups)).toEqual(others(rendered(input).groups));
  });

  it('is cut into parts that fit ConfigMaps, whose union is all of it; a change touches one', () => {
    const aliases = Array.from({ length: 20_000 }, (_, i) => alias(`alias-${String(i).padStart(6, '0')}`));
    const objects = routeTables(withAliases(aliases));
    expect(objects.length).toBeGreaterThan(1);
    const files = filesOf(objects);
    for (const text of Object.values(files)) expect(text.length).toBeLessThanOrEqual(partLimitBytes);
    expect(parseRouteTable(files).aliases.map((one) => one.alias)).toEqual(aliases.map(({ key }) => key));
    const changed = aliases.map((one, i) => (i === 777 ? { ...one, timeoutMs: 5 } : one));
    const after = filesOf(routeTables(withAliases(changed)));
    expect(Object.keys(files).filter((file) => files[file] !== after[file])).toHaveLength(1);
  });

  it('reads back whatever was declared', () => {
    const target = fc.record({
      model: fc.integer({ min: 1, max: 50 }).map((i) => `acme/m@${i}`),
      weight: fc.nat(1_000_000),
    });
    const many = fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?$/),
        targets: fc
          .uniqueArray(target, { minLength: 1, maxLength: 16, selector: (one) => one.model })
          .filter((all) => all.some(({ weight }) => weight > 0)),
        mirror: fc.option(fc.record({ model: fc.constant('acme/m@9'), shareMicro: fc.integer({ min: 1, max: 1e6 }) })),
        timeoutMs: fc.option(fc.integer({ min: 1, max: 86_400_000 })),
      }),
      { selector: ({ name }) => name, minLength: 1 },
    );
    fc.assert(
      fc.property(many, (all) => {
        const aliases = all.map(({ name, ...rest }) => alias(name, rest)).sort((a, b) => (a.key < b.key ? -1 : 1));
        const read = parseRouteTable(filesOf(routeTables(withAliases(aliases)))).aliases;
        expect(read.map((one) => ({ ...one, mirror: one.mirror ?? null, timeoutMs: one.timeoutMs ?? null }))).toEqual(
          aliases.map(({ key, source: _, ...rest }) => ({ alias: key, ...rest })),
        );
      }),
      { numRuns: 50 },
    );
  });

  const header = '{"routeTableVersion":1,"fleet":"shop","part":0}';
  const line = '{"alias":"t/a","tenant":"t","name":"a","targets":[{"model":"t/m@1","weight":1}]}';
  const read = (...lines: string[]) => parseRouteTable({ 'routes-0.jsonl': `${lines.join('\n')}\n` });

  it('skips lines and fields that it does not know', () => {
    expect(read(header, '{"later":1}', line.replace('"name"', '"colour":"red","name"')).aliases).toHaveLength(1);
    expect(parseRouteTable({}).aliases).toEqual([]);
  });

  it('is refused with parts of two fleets', () => {
    const parts = { 'routes-0.jsonl': header, 'routes-32.jsonl': header.replace('shop', 'x').replace('0', '32') };
    expect(codes(() => parseRouteTable(parts))).toBe(
      'STW4007 line 1 of routes-32.jsonl: it is of fleet "x", others of "shop"',
    );
  });

  it.each([
    ['a later version', ['{"routeTableVersion":2}', 'no JSON'], 'STW4008'],
    ['no header', [line], 'STW4007 line 1 of routes-0.jsonl: the header is missing'],
    [
      'a fleet that is no text',
      [header.replace('"shop"', '7')],
      'STW4007 line 1 of routes-0.jsonl: "fleet" must be a text',
    ],
    ['no JSON', [header, 'x'], 'STW4007 line 2 of routes-0.jsonl: not a JSON object'],
    ['a line twice', [header, line, line], 'STW4007 line 3 of routes-0.jsonl: "t/a" stands there twice'],
    [
      'a false key',
      [header, line.replace('"t/a"', '"t/b"')],
      'STW4007 line 2 of routes-0.jsonl: "alias" must be "t/a"',
    ],
    [
      "another tenant's model",
      [header, line.replace('t/m@1', 'u/m@1')],
      'STW4007 line 2 of routes-0.jsonl: "u/m@1" is a model of another tenant',
    ],
    ['no weight', [header, line.replace('"weight":1', '"weight":0')], 'must be above 0'],
    [
      'a weight below 0',
      [header, line.replace('"weight":1', '"weight":-1')],
      '"targets[0].weight" must be a whole number',
    ],
    ['no target', [header, line.replace(/\[.*\]/, '[]')], 'must be above 0'],
    ['a name that is none', [header, line.replaceAll('"a"', '7')], '"name" must be a text'],
  ])('is refused with %s', (_, lines, message) => {
    expect(codes(() => read(...lines))).toContain(message);
  });
});
