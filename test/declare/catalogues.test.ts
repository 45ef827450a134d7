import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/declare/catalogue';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import { loadFleet } from '../../src/declare/load-fleet';
import { fleetInput, fleetWithCatalogues, model, withFiles } from './support';

const models = [
  model('a', { replicas: 2, requestsPerSecond: 12.5, gpuSecondsPerRequest: 0.004 }),
  model('b', { tenant: 'acme', version: '2', priority: 900, pools: ['l4'], neverWith: ['team=x'] }),
  model('c', { format: 'sklearn', gpuMemory: '0', cpuSecondsPerRequest: 0.01, labels: { team: 'x', tier: '1' } }),
];
const columns = [...new Set(models.flatMap((entry) => Object.keys(entry)))] as (keyof (typeof models)[number])[];
const cell = (value: unknown): string =>
  value === undefined
    ? ''
    : Array.isArray(value)
      ? value.join(';')
      : typeof value === 'object' && value !== null
        ? Object.entries(value)
            .map(([key, text]) => `${key}=${text}`)
            .join(';')
        : String(value);
const csv = `${columns.join(',')}\n${models.map((entry) => columns.map((column) => cell(entry[column])).join(',')).join('\n')}\n`;
const jsonl = models.map((entry) => JSON.stringify(entry)).join('\n');

const forms: Readonly<Record<string, string>> = {
  'm.jsonl': `${jsonl}\n`,
  'm.ndjson': jsonl,
  'm.json': JSON.stringify(models),
  'm.yaml': JSON.stringify({ models }, null, 2),
  'm.yml': models.map((entry) => `- ${JSON.stringify(entry)}`).join('\n'),
  'm.csv': csv,
};
const load = (name: string, text: string): Fleet =>
  withFiles({ 'fleet.json': fleetWithCatalogues('m.*'), [name]: text }, (d) => loadFleet(join(d, 'fleet.json')));
const unplaced = (fleet: Fleet) => ({ ...fleet, models: fleet.models.map(({ source: _, ...rest }) => rest) });
const expected = unplaced(defineFleet(fleetInput({ models })));

describe('a catalogue', () => {
  it.each(Object.entries(forms))('gives the same models as %s', (name, text) => {
    expect(unplaced(load(name, text))).toEqual(expected);
  });

  it.each(Object.entries(forms))('may have a byte order mark and CRLF as %s', (name, text) => {
    expect(unplaced(load(name, `\uFEFF${text.replaceAll('\n', '\r\n')}`))).toEqual(expected);
  });

  it.each(Object.entries(forms))('can be read alone as %s', (name, text) => {
    const read = withFiles({ [name]: text }, (directory) => readCatalogue(join(directory, name)));
    expect(unplaced(defineFleet(fleetInput({ models: read })))).toEqual(expected);
  });

  it('of many files is found by globs, once each, in any order of patterns', () => {
    const files = {
      'fleet.json': fleetWithCatalogues('teams/**/*.{jsonl,csv}', 'teams/b/*.jsonl'),
      'teams/a/x.jsonl': JSON.stringify(model('x')),
      'teams/b/y.jsonl': `\n\n${JSON.stringify(model('y'))}\n`,
      'teams/b/deep/z.csv': 'name,format,storageUri\nz,sklearn,s3://z\n',
      'teams/readme.md': '#',
    };
    withFiles(files, (directory) => {
      const fleet = loadFleet(join(directory, 'fleet.json'));
      expect(fleet.models.map((entry) => [entry.name, entry.source.line])).toEqual([
        ['x', 1],
        ['y', 3],
        ['z', 2],
      ]);
    });
  });

  it('never is the fleet itself', () => {
    withFiles({ 'fleet.yaml': fleetWithCatalogues('*.yaml'), 'm.yaml': forms['m.yml'] ?? '' }, (directory) => {
      expect(loadFleet(join(directory, 'fleet.yaml')).models).toHaveLength(3);
    });
  });

  it('keeps line numbers and text across read chunks', () => {
    const lines = Array.from({ length: 30_000 }, (_, i) =>
      JSON.stringify(model(`m${i}`, { storageUri: `s3://ü€😀/${i}` })),
    );
    const fleet = load('m.jsonl', lines.join('\n'));
    expect(fleet.models).toHaveLength(30_000);
    for (const { name, source, storageUri } of fleet.models) {
      expect(source.line).toBe(Number(name.slice(1)) + 1);
      expect(storageUri).toBe(`s3://ü€😀/${name.slice(1)}`);
    }
  });
});

describe('a fleet', () => {
  it('does not depend on the order of declaration', () => {
    const many = Array.from({ length: 40 }, (_, i) => model(`m${i}`, { tenant: `t${i % 7}` }));
    const pools = fleetInput().pools;
    const sorted = unplaced(defineFleet(fleetInput({ models: many })));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(many, { minLength: many.length }),
        fc.shuffledSubarray([...pools], { minLength: pools.length }),
        (shuffled, poolsToo) => {
          const fleet = unplaced(defineFleet(fleetInput({ models: shuffled, pools: poolsToo })));
          expect(JSON.stringify(fleet)).toBe(JSON.stringify(sorted));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('in YAML, JSON and code is the same', () => {
    const input = fleetInput({ models, tenants: [{ name: 'acme', isolation: 'process' }], budgets: { pods: 5 } });
    const text = JSON.stringify({ $schema: 'https://example.com/fleet.json', ...input }, null, '\t');
    const inCode = unplaced(defineFleet(input));
    for (const name of ['fleet.json', 'fleet.yaml', 'fleet.yml'])
      withFiles({ [name]: text.replaceAll('\t', '  ') }, (d) =>
        expect(unplaced(loadFleet(join(d, name)))).toEqual(inCode),
      );
  });

  it('has sizes with margin where they are estimated', () => {
    const gib = 2 ** 30;
    const sizes = (change: Parameters<typeof model>[1]) =>
      defineFleet(fleetInput({ models: [{ name: 'a', format: 'onnx', storageUri: 's3://a', ...change }] })).models[0]
        ?.footprint;
    expect(sizes({ gpuMemory: '1Gi' })).toEqual({
      acceleratorMemoryBytes: gib,
      memoryBytes: 80 * 2 ** 20,
      diskBytes: gib,
      provenance: 'declared',
    });
    expect(sizes({ disk: '1Gi' })).toEqual({
      acceleratorMemoryBytes: 0,
      memoryBytes: 1.25 * gib,
      diskBytes: gib,
      provenance: 'estimated',
    });
    expect(sizes({ footprint: { gpuMemory: '1Gi', memory: '1Gi', provenance: 'estimated' } })).toMatchObject({
      acceleratorMemoryBytes: 1.25 * gib,
      memoryBytes: 1.25 * gib,
    });
    expect(sizes({ gpuMemory: '1Gi', memory: '1Gi', provenance: 'measured', margin: 1.1 })).toMatchObject({
      acceleratorMemoryBytes: Math.ceil(1.1 * gib),
      provenance: 'measured',
    });
    expect(sizes({})).toMatchObject({ memoryBytes: 80 * 2 ** 20, provenance: 'estimated' });
  });

  it('has loads from seconds a request or from throughput', () => {
    const loads = (change: Parameters<typeof model>[1]) =>
      defineFleet(fleetInput({ models: [model('a', change)] })).models[0]?.load;
    expect(loads({ requestsPerSecond: 10, gpuSecondsPerRequest: 0.01 })?.microDuty).toBe(100_000);
    expect(loads({ requestsPerSecond: 10, throughputPerSecond: 100 })?.microDuty).toBe(100_000);
    expect(loads({ load: { requestsPerSecond: 0.5, cpuSecondsPerRequest: 0.2 } })).toEqual({
      requestsPerSecondMilli: 500,
      requestsPerSecondMicro: 500_000,
      microDuty: 0,
      cpuMillis: 100,
    });
  });
});
