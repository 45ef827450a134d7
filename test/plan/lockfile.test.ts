import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import { pack } from '../../src/pack/pack';
import { formatLockfile, lockOf, parseLockfile } from '../../src/plan/lockfile';
import { codesOf, findingsOf } from '../support/errors';
import { fleetInputs, shuffledFleet } from '../support/fleets';
import { inCopies } from '../support/in-copies';

const header = '{"stowageLock":1}';
const shard = '{"shard":"sabc","pool":"l4","runtime":"triton","group":"shared","replicas":2}';
const adapters = '{"shard":"sxyz","pool":"l4","runtime":"vllm","base":"Llama-3.1-8B","group":"shared","replicas":1}';
const model = '{"model":"default/a@1","in":"sabc","gpu":1073741824,"mem":67108864}';
const other = '{"model":"team.b/B_2@2026-01","in":"sxyz","gpu":0,"mem":1}';
const several = '{"model":"team.b/C@1","in":["sabc","sxyz"],"gpu":0,"mem":2}';
const good = `${[header, shard, adapters, model, other, several].join('\n')}\n`;
const withLine = (line: string) => `${[header, shard, model, line].join('\n')}\n`;

describe('the lockfile', () => {
  it('reads what it writes, byte by byte, for any fleet in any order', () => {
    fc.assert(
      fc.property(
        fleetInputs({ maxModels: 25 }).chain((input) => fc.tuple(fc.constant(input), shuffledFleet(input))),
        fc.boolean(),
        ([input, shuffled], copied) => {
          const fleet = defineFleet(input);
          const packed = (any: Fleet) => (copied ? inCopies(pack({ fleet: any })) : pack({ fleet: any }));
          const locked = lockOf(fleet, packed(fleet));
          const text = formatLockfile(locked);
          expect(parseLockfile(text)).toEqual(locked);
          expect(formatLockfile(parseLockfile(text))).toBe(text);
          const again = defineFleet(shuffled);
          expect(formatLockfile(lockOf(again, packed(again)))).toBe(text);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('holds one line each, sorted, and nothing that can be derived', () => {
    expect(parseLockfile(good)).toEqual({
      shards: [
        { id: 'sabc', pool: 'l4', runtime: 'triton', base: null, group: 'shared', replicas: 2 },
        { id: 'sxyz', pool: 'l4', runtime: 'vllm', base: 'Llama-3.1-8B', group: 'shared', replicas: 1 },
      ],
      models: [
        { key: 'default/a@1', shards: ['sabc'], acceleratorMemoryBytes: 1073741824, memoryBytes: 67108864 },
        { key: 'team.b/B_2@2026-01', shards: ['sxyz'], acceleratorMemoryBytes: 0, memoryBytes: 1 },
        { key: 'team.b/C@1', shards: ['sabc', 'sxyz'], acceleratorMemoryBytes: 0, memoryBytes: 2 },
      ],
    });
    expect(formatLockfile(parseLockfile(good))).toBe(good);
  });

  it.each([
    ['CRLF', good.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${good}`],
    ['no last line break', good.trimEnd()],
    ['blank lines', good.replaceAll('\n', '\n\n')],
    ['shards in another order', good.replace('"sabc","sxyz"', '"sxyz","sabc"')],
    ['a list with other spacing', good.replace('"sabc","sxyz"', ' "sabc", "sxyz" ')],
    ['lines in another order', `${[header, several, other, model, adapters, shard].join('\n')}\n`],
    [
      'other spacing and key order',
      good.replace(model, '{ "mem": 67108864, "in": "sabc", "gpu": 1073741824, "model": "default/a@1" }'),
    ],
  ])('lets pass %s', (_, text) => {
    expect(formatLockfile(parseLockfile(text))).toBe(good);
  });

  it.each([
    ['an empty file', '', 'STW3101'],
    ['another file', 'name: fleet\n', 'STW3101'],
    ['no header', `${shard}\n`, 'STW3101'],
    ['a header with more in it', `{"stowageLock":1,"x":2}\n`, 'STW3101'],
    ['version 0', '{"stowageLock":0}\n', 'STW3101'],
    ['a version that is no number', '{"stowageLock":"1"}\n', 'STW3101'],
    ['a later version, whatever follows', '{"stowageLock":2,"hash":"x"}\nanything\n', 'STW3102'],
    ['conflict markers', `${header}\n${shard}\n<<<<<<< HEAD\n${model}\n=======\n${model}\n>>>>>>> b\n`, 'STW3103'],
    ['a stray marker', withLine('>>>>>>> branch'), 'STW3103'],
    ['a line that is not JSON', withLine('model a is in b'), 'STW3104'],
    ['a cut line', withLine(other.slice(0, 30)).trimEnd(), 'STW3104'],
    ['a list', withLine('[1]'), 'STW3104'],
    ['null', withLine('null'), 'STW3104'],
    ['a second header', withLine(header), 'STW3104'],
    ['a wrong type', withLine('{"model":"default/b@1","in":"sabc","gpu":"1Gi","mem":1}'), 'STW3104'],
    ['a missing field', withLine('{"model":"default/b@1","in":"sabc","gpu":1}'), 'STW3104'],
    ['an unknown field', withLine('{"model":"default/b@1","in":"sabc","gpu":1,"mem":1,"disk":1}'), 'STW3104'],
    ['a prototype key', withLine('{"__proto__":{"x":1},"model":"default/b@1","in":"sabc","gpu":1,"mem":1}'), 'STW3104'],
    [
      'a prototype key for a shard',
      withLine('{"shard":"__proto__","pool":"l4","runtime":"t","group":"g","replicas":1}'),
      'STW3104',
    ],
    ['a negative size', withLine('{"model":"default/b@1","in":"sabc","gpu":-1,"mem":1}'), 'STW3104'],
    ['a size of 2^60', withLine('{"model":"default/b@1","in":"sabc","gpu":1152921504606846976,"mem":1}'), 'STW3104'],
    ['a fraction', withLine('{"model":"default/b@1","in":"sabc","gpu":1.5,"mem":1}'), 'STW3104'],
    ['NaN', withLine('{"model":"default/b@1","in":"sabc","gpu":NaN,"mem":1}'), 'STW3104'],
    ['null for a size', withLine('{"model":"default/b@1","in":"sabc","gpu":null,"mem":1}'), 'STW3104'],
    ['a key that is a path', withLine('{"model":"../../b@1","in":"sabc","gpu":1,"mem":1}'), 'STW3104'],
    ['no replicas', withLine('{"shard":"sq","pool":"l4","runtime":"t","group":"g","replicas":0}'), 'STW3104'],
    [
      'a billion replicas',
      withLine('{"shard":"sq","pool":"l4","runtime":"t","group":"g","replicas":1000000000}'),
      'STW3104',
    ],
    ['a repeated model', withLine(model), 'STW3105'],
    ['a repeated shard', withLine(shard), 'STW3105'],
    ['a repeated field', withLine('{"model":"default/b@1","in":"sabc","gpu":1,"mem":1,"gpu":2}'), 'STW3105'],
    ['a list of one', withLine('{"model":"default/b@1","in":["sabc"],"gpu":1,"mem":1}'), 'STW3104'],
    ['an empty list', withLine('{"model":"default/b@1","in":[],"gpu":1,"mem":1}'), 'STW3104'],
    ['a shard twice in a list', withLine('{"model":"default/b@1","in":["sabc","sabc"],"gpu":1,"mem":1}'), 'STW3104'],
    ['a list in a list', withLine('{"model":"default/b@1","in":[["sabc"],"sxyz"],"gpu":1,"mem":1}'), 'STW3104'],
    ['a number in a list', withLine('{"model":"default/b@1","in":["sabc",1],"gpu":1,"mem":1}'), 'STW3104'],
    ['a bad id in a list', withLine('{"model":"default/b@1","in":["sabc","S!"],"gpu":1,"mem":1}'), 'STW3104'],
    [
      'a list for a shard',
      withLine('{"shard":["sq","sr"],"pool":"l4","runtime":"t","group":"g","replicas":1}'),
      'STW3104',
    ],
    [
      'an unknown shard in a list',
      withLine('{"model":"default/b@1","in":["sabc","snone"],"gpu":1,"mem":1}'),
      'STW3106',
    ],
    ['an unknown shard', withLine('{"model":"default/b@1","in":"snone","gpu":1,"mem":1}'), 'STW3106'],
  ])('refuses %s', (_, text, code) => {
    const findings = findingsOf(() => parseLockfile(text, 'stowage.lock'));
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.location?.file).toBe('stowage.lock');
    expect(findings[0]?.message.length).toBeLessThan(300);
  });

  it('holds a model in as many shards as there are, in one line', () => {
    const ids = Array.from({ length: 2000 }, (_, i) => `s${String(i).padStart(4, '0')}`);
    const shards = ids.map((id) => ({ id, pool: 'l4', runtime: 'triton', base: null, group: 'shared', replicas: 1 }));
    const locked = {
      shards,
      models: [{ key: 'default/hot@1', shards: ids, acceleratorMemoryBytes: 1, memoryBytes: 2 }],
    };
    const backwards = { shards, models: locked.models.map((hot) => ({ ...hot, shards: [...ids].reverse() })) };
    const text = formatLockfile(backwards);
    expect(text.split('\n')).toHaveLength(2000 + 3);
    expect(parseLockfile(text)).toEqual(locked);
    expect(formatLockfile(locked)).toBe(text);
  });

  it('reports every bad line, each at its line', () => {
    const text = `${[header, shard, 'x', model, model, '{"model":"default/b@1","in":"sq","gpu":1,"mem":1}'].join('\n')}\n`;
    const findings = findingsOf(() => parseLockfile(text));
    expect(findings.map(({ code, location }) => [code, location?.line])).toEqual([
      ['STW3104', 3],
      ['STW3105', 5],
      ['STW3106', 6],
    ]);
  });

  it('never throws anything but a coded error, wherever the file is cut or changed', () => {
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(good.length), fc.string(), (from, length, inserted) => {
        codesOf(() => parseLockfile(good.slice(0, from) + inserted + good.slice(from + length)));
      }),
      { numRuns: 500 },
    );
  });
});
