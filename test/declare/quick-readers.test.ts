import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/declare/csv';
import { Findings } from '../../src/declare/findings';
import { parseJsonDocument } from '../../src/declare/json-document';
import type { Located } from '../../src/declare/located';
import { quickModel } from '../../src/declare/quick-model';
import { modelSchema } from '../../src/declare/schema';
import { parseYamlDocument } from '../../src/declare/yaml-document';
import { fleetInputs } from '../support/fleets';
import { model, withFiles } from './support';

/** Of every field of a model, what is good and what is bad, at the edges too. */
const size = fc.constantFrom<unknown>(
  '1Gi',
  '',
  0,
  1.5,
  -1,
  'x'.repeat(64),
  'x'.repeat(65),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  null,
  [],
);
const name = fc.constantFrom<unknown>(
  'a',
  'a-b_c.9',
  'x'.repeat(128),
  'x'.repeat(129),
  '',
  '-a',
  'a.',
  'a/b',
  'a\n',
  'é',
  7,
);
const longText = fc.constantFrom<unknown>('onnx', '', 'x'.repeat(4096), 'x'.repeat(4097), 5, null, ['onnx']);
const amount = fc.constantFrom<unknown>(
  0,
  0.1,
  1e9,
  1e9 + 1,
  -0,
  -1,
  Number.MIN_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NaN,
  '5',
  null,
  true,
);
const words = fc.constantFrom<unknown>(undefined, [], ['a'], ['a', ''], ['a', 5], [null], new Array(1), 'a', {
  0: 'a',
});
const footprint = {
  gpuMemory: size,
  memory: size,
  disk: size,
  provenance: fc.constantFrom<unknown>('declared', 'measured', 'estimated', 'guessed', 1, ''),
  margin: fc.constantFrom<unknown>(1, 10, 0.999, 10.1, '1'),
};
const load = {
  requestsPerSecond: amount,
  gpuSecondsPerRequest: amount,
  throughputPerSecond: amount,
  cpuSecondsPerRequest: amount,
};
const part = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.oneof(
    fc.record(fields, { requiredKeys: [] }),
    fc.constantFrom<unknown>(null, [], 'x', { gpuMemry: 1 }, Object.create({ margin: 0 }), new Date(0)),
  );
const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  name,
  version: name,
  tenant: name,
  format: longText,
  runtime: fc.constantFrom<unknown>('triton', '', 5),
  base: fc.constantFrom<unknown>('llama', '', null),
  storageUri: longText,
  footprint: part(footprint),
  load: part(load),
  ...footprint,
  ...load,
  replicas: fc.constantFrom<unknown>(1, 64, 0, 65, 1.5, '1', Number.NaN),
  residency: fc.constantFrom<unknown>('resident', 'on-demand', 'never', 0),
  priority: fc.constantFrom<unknown>(0, 1000, -0, -1, 1001, 0.5),
  pools: words,
  accelerators: words,
  zones: words,
  labels: fc.constantFrom<unknown>(
    {},
    { a: 'b' },
    { a: '' },
    { a: 1 },
    { a: undefined },
    { ['x'.repeat(317)]: 'y'.repeat(4096) },
    { ['x'.repeat(318)]: 'y' },
    { a: 'y'.repeat(4097) },
    JSON.parse('{"__proto__":"x"}'),
    { constructor: 'x' },
    [],
    null,
  ),
  neverWith: fc.constantFrom<unknown>([], ['a=b'], ['a='], ['=b'], ['a'], ['a=b\n'], ['a=b\nc'], [5], 'a=b'),
  timeoutSeconds: fc.constantFrom<unknown>(0.001, 86_400, 0.0009, 86_401, '60'),
  surprise: fc.constantFrom<unknown>(1, null),
};
const good = { name: 'a', format: 'onnx', storageUri: 's3://a' };
const withoutUndefined = (value: object) =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
/** Most fields at their best, a few of any value. */
const entries = fc
  .record(fields, { requiredKeys: [] })
  .chain((all) => fc.subarray(Object.entries(all), { maxLength: 3 }))
  .map((some): object => ({ ...good, ...Object.fromEntries(some) }));

describe('the quick reading of a model', () => {
  it('accepts nothing that the schema refuses, and gives what the schema gives', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(entries, (entry) => {
        const quick = quickModel(entry);
        const full = modelSchema.safeParse(entry);
        if (!full.success) refused++;
        if (quick === null) return;
        accepted++;
        expect(full.success).toBe(true);
        expect(withoutUndefined(quick)).toEqual(withoutUndefined(full.data ?? {}));
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(1000);
  });

  it('refuses each field of a kind that it does not have', () => {
    for (const field of Object.keys(fields))
      for (const value of [null, true, 5n, Symbol('x'), () => 1, new Date(0), new Map(), [[]], { a: {} }]) {
        const entry = { ...good, [field]: value };
        expect(quickModel(entry) !== null && !modelSchema.safeParse(entry).success, `${field} ${String(value)}`).toBe(
          false,
        );
      }
  });

  it('takes every model of sound fleets, so that the schema is not asked', () => {
    fc.assert(
      fc.property(fleetInputs(), ({ models = [] }) => {
        for (const entry of models) expect(quickModel(entry)).not.toBeNull();
      }),
    );
  });

  it('leaves what is no plain object to the schema', () => {
    for (const entry of [null, [], 'a', 5, undefined, new (class Entry {})(), Object.create(model('a'))])
      expect(quickModel(entry)).toBeNull();
  });
});

describe('the quick reading of CSV', () => {
  const rows = (text: string) =>
    withFiles({ 'm.csv': text }, (directory) => {
      const findings = new Findings();
      const read: unknown[] = [];
      readCsv(`${directory}/m.csv`, 'm.csv', findings, ({ value, at }: Located) => void read.push([value, at([])]));
      let thrown: unknown = null;
      try {
        findings.throwIfAny();
      } catch (error) {
        thrown = (error as { diagnostics: unknown }).diagnostics;
      }
      return { read, thrown };
    });

  it('gives what the CSV library gives', () => {
    const cell = fc.oneof(
      fc.constantFrom(
        '',
        ' ',
        'a',
        ' a b\t',
        '5',
        '0x1f',
        '1e3',
        'a;b',
        'k=v; l=w',
        '\u00a0é\u3000',
        '\v',
        '😀',
        '=',
        ';',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => text.replace(/["\r\n,\0]/g, '')),
    );
    const line = fc.array(cell, { minLength: 0, maxLength: 5 }).map((cells) => cells.join(','));
    const header = fc.constantFrom('', ' \n', '\n\n').map((before) => `${before}name, labels ,zones,replicas,x\n`);
    fc.assert(
      fc.property(header, fc.array(line, { maxLength: 8 }), (first, lines) => {
        const body = lines.join('\n');
        // A quoted cell at the end makes the library read it.
        const last = 'last,,,,""';
        const plain = rows(`${first}${body}\nlast,,,,\n`);
        expect(plain).toEqual(rows(`${first}${body}\n${last}\n`));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the quick reading of JSON documents', () => {
  it('gives what the YAML parser gives, places too', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.boolean(), (value, indented) => {
        const text = JSON.stringify(value, null, indented ? 2 : 0);
        const findings = new Findings();
        const slow = parseYamlDocument(text, 'f.json', findings);
        if (slow === null) return;
        const quick = parseJsonDocument(text, 'f.json', new Findings());
        expect(JSON.stringify(quick?.value)).toBe(JSON.stringify(slow.value));
        for (const key of Object.keys(value)) expect(quick?.at([key, 'x'])).toEqual(slow.at([key, 'x']));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a key twice', '{"a":1,"b":{"c":1,"c":2}}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['text that is no JSON', '{"a":1,}x'],
    ['deep nesting', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
  ])('reports %s as the YAML parser does', (_, text) => {
    const report = (parse: typeof parseYamlDocument) => {
      const findings = new Findings();
      const document = parse(text, 'f.json', findings);
      return { document: document === null, found: findings.count > 0 };
    };
    const quick = report(parseJsonDocument);
    expect(quick).toEqual(report(parseYamlDocument));
    expect(quick.found).toBe(true);
  });
});
