import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../src/render/objects';
import { toYaml } from '../../src/render/yaml';
import { objectsOf, rendered, wideFleet } from './support';

function readBack(text: string, version: '1.1' | '1.2'): unknown[] {
  // The compatibility mode for YAML 1.1's merge keys is what Go's reader has too.
  return parseAllDocuments(text, { version, merge: version === '1.1', uniqueKeys: false }).map((document) => {
    expect(document.errors).toEqual([]);
    expect(document.warnings).toEqual([]);
    return document.toJS();
  });
}

const nasty = fc.oneof(
  fc.constantFrom(
    ...['y', 'N', 'on', 'OFF', 'yes', 'no', 'true', 'False', 'null', 'NULL', '~', '', ' ', '-', '--', '---', '...'],
    ...['0', '007', '0o7', '0x1F', '1e3', '1_000', '+1', '-0', '.5', '.inf', '-.Inf', '.nan', 'NaN', '12:30', '1:2:3'],
    ...[
      '2026-11-24',
      '2026-11-24T10:00:00Z',
      '=',
      '<<',
      '!tag',
      '&anchor',
      '*alias',
      '?',
      '? a',
      '@at',
      '`tick',
      '%dir',
    ],
    ...[
      'a: b',
      'a:',
      ':a',
      'a #b',
      '#b',
      'a#b',
      '[1]',
      '{a: b}',
      'a, b',
      "it's",
      '"q"',
      'back\\slash',
      'tab\tinside',
      '\t',
    ],
    ...['500m', '16Gi', '5E', '5e', '1k', '--flag', '-f', '$(X)', '$(X)=a:b', 'nvcr.io/nvidia/tritonserver:25.10-py3'],
    ...[
      'line\n',
      'a\nb',
      'a\nb\n',
      '\na',
      ' a\nb',
      'a\n\n',
      'a\n\nb\n',
      'a\n  b\n',
      'a \nb ',
      '{"a":1}\n{"b":"#: "}\n',
      '---\na\n',
    ],
    ...[
      '\u0000',
      '\u007f',
      '\u0085',
      '\u00a0',
      '\u2028',
      '\u2029',
      '\ufeff',
      '\ufffe',
      'ü',
      '日本',
      '😀',
      '\r',
      'a\r\nb',
      'é\nb\n',
    ],
  ),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.array(fc.string({ maxLength: 6 }), { maxLength: 6 }).map((lines) => lines.join('\n')),
);

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    nasty,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      nasty.filter((key) => key.length < 200 && key !== '__proto__'),
      tie('any'),
      { maxKeys: 4 },
    ),
  ),
})).any;

describe('YAML', () => {
  it('reads back as the same objects in YAML 1.1 and 1.2, whatever the strings', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), (values) => {
        const objects = values.map(
          (spec): KubernetesObject => ({ apiVersion: 'v1', kind: 'Test', metadata: { name: 'x' }, spec }),
        );
        const text = toYaml([{ shard: null, objects }]);
        expect(readBack(text, '1.2')).toEqual(objects);
        expect(readBack(text, '1.1')).toEqual(objects);
      }),
      { numRuns: 400 },
    );
  });

  it('writes a fleet that reads back, with its model tables as literal blocks', () => {
    const { groups } = rendered(wideFleet);
    const text = toYaml(groups);
    expect(readBack(text, '1.1')).toEqual(objectsOf(groups));
    expect(readBack(text, '1.2')).toEqual(objectsOf(groups));
    expect(text).toContain('  models-0.jsonl: |\n    {"tableVersion":1,');
    expect(text).toMatch(/^[\n -~]*$/);
  });

  it('leaves out fields without a value and keeps empty ones', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'A',
      metadata: { name: 'a' },
      a: undefined,
      b: {},
      c: [],
      d: { e: undefined },
    };
    expect(toYaml([{ shard: null, objects: [object] }])).toBe(
      '---\napiVersion: v1\nkind: A\nmetadata:\n  name: a\nb: {}\nc: []\nd: {}\n',
    );
  });

  it('replaces half a surrogate pair, which no UTF-8 has', () => {
    const object = { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, a: 'x\ud800y' };
    expect(readBack(toYaml([{ shard: null, objects: [object] }]), '1.2')).toMatchObject([{ a: 'x\ufffdy' }]);
  });
});
