import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput, ModelInput } from '../../src/declare/input';
import { loadFleet } from '../../src/declare/load-fleet';
import { StowageError } from '../../src/errors/stowage-error';
import { codesOf, diagnosticsOf, fleetInput, fleetWithCatalogues, model, withFiles } from './support';

/** Loads one fleet file of this content. */
const load = (content: string | Uint8Array, name = 'fleet.yaml') =>
  diagnosticsOf(() => withFiles({ [name]: content }, (directory) => loadFleet(join(directory, name))));

/** Loads one catalogue of this content. */
const loadCatalogue = (content: string | Uint8Array, name = 'models.jsonl') =>
  diagnosticsOf(() =>
    withFiles({ 'fleet.json': fleetWithCatalogues(name), [name]: content }, (directory) =>
      loadFleet(join(directory, 'fleet.json')),
    ),
  );

const l4 = { name: 'l4', accelerator: { kind: 'L4', memory: '24Gi', perNode: 4 }, cpu: 48, memory: '192Gi' };

const yaml = `name: demo
pools:
  - name: l4
    accelerator: { kind: L4, memory: 24Gi, perNode: 4 }
    cpu: 48
    memory: 192Gi
models:
  - name: resnet50
    format: onnx
    storageUri: s3://models/resnet50
    gpuMemory: 1Gi
    memory: 256Mi
`;

describe('wrong values', () => {
  it('are all reported at once, each with code, file, line, path and remedy', () => {
    const text = yaml
      .replace('cpu: 48', 'cpu: -48')
      .replace('gpuMemory: 1Gi', 'gpuMemory: .nan')
      .replace('memory: 256Mi', 'memroy: 256Mi')
      .replace('format: onnx\n', 'format: onnx\n    replicas: 0\n');
    const found = load(text).map(({ code, location, message, hint }) => ({
      code,
      line: location?.line,
      path: location?.path,
      text: `${message} ${hint}`,
    }));
    expect(found).toEqual([
      { code: 'STW1007', line: 5, path: 'pools[0].cpu', text: expect.stringMatching(/negative.*16Gi/) },
      { code: 'STW1007', line: 12, path: 'models[0].gpuMemory', text: expect.stringContaining('NaN') },
      { code: 'STW1007', line: 10, path: 'models[0].replicas', text: expect.stringContaining('replicas') },
      { code: 'STW1005', line: 13, path: 'models[0].memroy', text: expect.stringContaining('Did you mean "memory"?') },
    ]);
  });

  it('in the head do not hide those in the models', () => {
    const codes = codesOf(() =>
      defineFleet({ ...fleetInput({ models: [model('a', { replicas: -1 })] }), name: 'Not A Label' }),
    );
    expect(codes).toEqual(['STW1004', 'STW1007']);
  });

  it.each<[string, Partial<ModelInput>, string, RegExp]>([
    ['NaN', { gpuMemory: Number.NaN }, 'STW1007', /gpuMemory/],
    ['infinite', { memory: Number.POSITIVE_INFINITY }, 'STW1007', /memory/],
    ['negative', { disk: -1 }, 'STW1007', /"disk" -1 is negative/],
    ['2^60', { gpuMemory: 2 ** 60 }, 'STW1007', /above the largest size/],
    ['2^60 as text', { memory: '1Ei' }, 'STW1007', /above the largest size/],
    ['large only with its margin', { memory: '7Pi', margin: 2 }, 'STW1007', /with its margin/],
    ['a load beyond counting', { requestsPerSecond: 1e9, gpuSecondsPerRequest: 1e9 }, 'STW1007', /requestsPerSecond/],
    ['not a quantity', { memory: '16GB' }, 'STW1007', /not a quantity/],
    ['a fraction of a copy', { replicas: 1.5 }, 'STW1007', /replicas/],
    ['unknown runtime', { runtime: 'tritn' }, 'STW1009', /"tritn"/],
    ['unknown pool', { pools: ['l40'] }, 'STW1009', /"l40"/],
    ['unknown accelerator', { accelerators: ['H100'] }, 'STW1009', /"H100"/],
    ['format that nothing loads', { format: 'onx' }, 'STW1010', /"onx"/],
    ['format that several load', { format: 'openvino-ir' }, 'STW1010', /several/],
    ['format that its runtime cannot load', { runtime: 'mlserver' }, 'STW1010', /cannot load/],
    ['adapter without base', { format: 'lora' }, 'STW1006', /names no base model/],
    ['base that its runtime lacks', { format: 'lora', base: 'llama' }, 'STW1009', /base model "llama"/],
    ['larger than any pod', { gpuMemory: '80Gi' }, 'STW1011', /81920 MiB of accelerator memory.*pool "l4"/],
    ['more host memory than any pod', { memory: '64Gi' }, 'STW1011', /of memory/],
    ['no pool left', { pools: ['cpu'] }, 'STW1012', /needs one with an accelerator/],
    ['sizes in two places', { footprint: { memory: '1Gi' } }, 'STW1004', /given twice/],
    ['a load said in two ways', { gpuSecondsPerRequest: 1, throughputPerSecond: 1 }, 'STW1004', /two ways/],
  ])('%s', (_, change, code, message) => {
    const [first] = diagnosticsOf(() => defineFleet(fleetInput({ models: [model('a', change)] })));
    expect(first?.code).toBe(code);
    expect(first?.message).toMatch(message);
    expect(first?.location?.path).toMatch(/^models\[0\]/);
    expect(first?.hint).not.toBe('');
  });

  it('of size name the pool that would hold the model, were it allowed', () => {
    const h100 = {
      ...l4,
      name: 'h100',
      accelerator: { kind: 'H100', memory: '80Gi', perNode: 1 },
      pricePerNodeHour: 9,
    };
    const large = model('a', { gpuMemory: '40Gi', pools: ['l4'] });
    const [found] = diagnosticsOf(() => defineFleet({ name: 'demo', pools: [l4, h100], models: [large] }));
    expect(found).toMatchObject({ code: 'STW1011', hint: expect.stringContaining('Allow the pool "h100" ($9.00') });
  });

  it.each<[string, Partial<FleetInput>, string]>([
    ['no pool', { pools: [] }, 'STW1016'],
    ['no model', { models: [] }, 'STW1016'],
    ['a pool twice', { pools: [...fleetInput().pools, ...fleetInput().pools.slice(1)] }, 'STW1008'],
    ['a model twice', { models: [model('a'), model('b'), model('a')] }, 'STW1008'],
    ['a tenant twice', { tenants: [{ name: 't' }, { name: 't' }] }, 'STW1008'],
    ['a runtime of nothing', { runtimes: [{ name: 'mine' }] }, 'STW1006'],
    ['a runtime that extends an unknown one', { runtimes: [{ name: 'mine', extends: 'tritn' }] }, 'STW1009'],
    ['a budget for an unknown GPU', { budgets: { gpus: { H100: 3 } } }, 'STW1009'],
    ['a budget of a wrong enforcement', { budgets: { pods: { limit: 1, enforcement: 'soft' as 'warn' } } }, 'STW1004'],
    ['a budget of NaN', { budgets: { costPerHour: Number.NaN } }, 'STW1007'],
    ['a node without room', { pools: [{ name: 'p', cpu: 1, memory: '1Gi', maxPods: 5 }] }, 'STW1004'],
    ['more pods than accelerators', { pools: fleetInput().pools.map((p) => ({ ...p, podsPerNode: 200 })) }, 'STW1004'],
    [
      'fewer nodes at most than at least',
      { pools: [{ name: 'p', cpu: 1, memory: 1, minNodes: 2, maxNodes: 1 }] },
      'STW1004',
    ],
    [
      'totals beyond exact sums',
      {
        pools: [{ name: 'p', cpu: 999, memory: '7Pi', disk: '8000Ti', podsPerNode: 1 }],
        models: [1, 2, 3].map((n) => model(`m${n}`, { format: 'sklearn', gpuMemory: 0, memory: '5Pi', disk: 0 })),
      },
      'STW1019',
    ],
  ])('%s', (_, change, code) => {
    expect(codesOf(() => defineFleet(fleetInput(change)))).toContain(code);
  });

  it('name where a model was declared first, over several files', () => {
    const files = {
      'fleet.json': fleetWithCatalogues('*.jsonl'),
      'a.jsonl': `${JSON.stringify(model('x'))}\n`,
      'b.jsonl': `\n${JSON.stringify(model('y'))}\n${JSON.stringify(model('x'))}\n`,
    };
    const [found, ...more] = diagnosticsOf(() => withFiles(files, (d) => loadFleet(join(d, 'fleet.json'))));
    expect(more).toEqual([]);
    expect(found?.code).toBe('STW1008');
    expect(found?.message).toMatch(/first at .*a\.jsonl:1$/);
    expect(found?.location).toMatchObject({ file: expect.stringMatching(/b\.jsonl$/), line: 3 });
  });

  it('that YAML read as numbers ask for quotes', () => {
    const [found] = load(yaml.replace('format: onnx', 'format: onnx\n    version: 1.10'));
    expect(found).toMatchObject({ code: 'STW1004', hint: 'Put it in quotes: "1.1".' });
  });

  it('of a union are those of the alternative that was meant', () => {
    const [found] = diagnosticsOf(() =>
      defineFleet(fleetInput({ budgets: { pods: { limit: 1, enforcment: 'warn' } as never } })),
    );
    expect(found).toMatchObject({ code: 'STW1005', location: { path: 'budgets.pods.enforcment' } });
  });

  it.each([null, undefined, 1, 'text', [], new Date(0), () => 1, Symbol('x'), new Proxy({}, {})])(
    'in place of a fleet give findings, not an exception (%#)',
    (value) => {
      expect(codesOf(() => defineFleet(value as never)).length).toBeGreaterThan(0);
    },
  );

  it('of any JSON shape give findings, not an exception', () => {
    const keys = fc.constantFrom(
      'name',
      'pools',
      'models',
      'runtimes',
      'tenants',
      'budgets',
      'mesh',
      'packing',
      'cpu',
      'memory',
      'x',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(null, '', 'a', '1Gi', 0, 1, -1, 2 ** 60, 0.5, true),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(keys, tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(keys, value), (input) => {
        try {
          defineFleet(input as never);
        } catch (error) {
          expect(StowageError.is(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('keys that reach into prototypes', () => {
  it.each([
    ['fleet.yaml', `${yaml}__proto__: { polluted: 1 }\n`],
    ['fleet.yaml', yaml.replace('kind: L4', 'kind: L4, constructor: { prototype: 1 }')],
    ['fleet.json', '{"name":"demo","__proto__":{"polluted":1},"pools":[]}'],
    ['fleet.yaml', yaml.replace('memory: 256Mi', 'labels: { __proto__: x }')],
  ])('are refused in %s', (name, text) => {
    expect(load(text, name).map((found) => found.code)).toContain('STW1013');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['models.jsonl', '{"name":"a","__proto__":{"polluted":1}}'],
    ['models.json', '[{"name":"a","labels":{"constructor":"x"}}]'],
    ['models.yaml', '- name: a\n  __proto__: { polluted: 1 }'],
    ['models.csv', 'name,__proto__\na,x\n'],
    ['models.csv', 'name,constructor\na,x\n'],
    ['models.csv', 'name,labels\na,__proto__=x\n'],
  ])('are refused in %s', (name, text) => {
    const found = loadCatalogue(text, name);
    expect(found.map((finding) => finding.code)).toContain('STW1013');
    expect(found[0]?.location).toMatchObject({ file: expect.stringContaining(name), line: expect.any(Number) });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('files', () => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(yaml, 'utf16le')]);
  it.each<[string, Uint8Array]>([
    ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3])],
    ['UTF-16', utf16],
    ['UTF-16 without zero bytes', Buffer.from([0xff, 0xfe, 0x41, 0x30, 0x42, 0x30])],
    ['invalid UTF-8', Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3a, 0x20, 0xc3, 0x28])],
    ['cut off inside a character', Buffer.from([0x6e, 0x3a, 0x20, 0xe2, 0x82])],
  ])('that are %s are not text', (_, bytes) => {
    expect(load(bytes).map((found) => found.code)).toEqual(['STW1002']);
    for (const name of ['models.jsonl', 'models.csv', 'models.yaml', 'models.json'])
      expect(loadCatalogue(bytes, name).map((found) => found.code)).toEqual(['STW1002']);
  });

  it.each([
    ['open brackets', 'pools: [', 'STW1003'],
    ['bad indentation', 'name: a\n  pools: []\n', 'STW1003'],
    ['a tab', 'name: a\nmesh:\n\tagent: x\n', 'STW1003'],
    ['two documents', 'name: a\n---\nname: b\n', 'STW1003'],
    ['an unknown anchor', 'name: *a\n', 'STW1003'],
    ['a key twice', `${yaml}name: other\n`, 'STW1008'],
    ['nothing', '', 'STW1004'],
    ['only a comment', '# nothing\n', 'STW1004'],
    ['a list', '- 1\n', 'STW1004'],
    ['a merge key', `${yaml}<<: { a: 1 }\n`, 'STW1005'],
    ['deep nesting', '['.repeat(20_000), 'STW1003'],
    ['deep block nesting', Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), 'STW1003'],
    ['a cycle', 'name: &a [*a]\npools: []\n', 'STW1004'],
  ])('with %s', (_, text, code) => {
    const found = load(text);
    expect(found.map((finding) => finding.code)).toContain(code);
    expect(found[0]?.location?.file).toMatch(/fleet\.yaml$/);
    if (code === 'STW1003' && !text.startsWith('[') && !text.includes('a:\n a'))
      expect(found[0]?.location?.line).toBeGreaterThan(0);
  });

  it('with a bomb of aliases', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
      .concat(Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`))
      .join('\n');
    expect(load(bomb).map((found) => found.code)).toEqual(['STW1003']);
  });

  it('that are not there, are folders, loop, or may not be read', () => {
    expect(codesOf(() => loadFleet('/nowhere/fleet.yaml'))).toEqual(['STW1001']);
    withFiles({ 'fleet.json': fleetWithCatalogues('loop.jsonl', 'gone.jsonl') }, (directory) => {
      mkdirSync(join(directory, 'folder.yaml'));
      mkdirSync(join(directory, 'folder.ts'));
      symlinkSync('loop.yaml', join(directory, 'loop.yaml'));
      expect(codesOf(() => loadFleet(join(directory, 'folder.yaml')))).toEqual(['STW1001']);
      expect(codesOf(() => loadFleet(join(directory, 'folder.ts')))).toEqual(['STW1015']);
      expect(codesOf(() => loadFleet(join(directory, 'loop.yaml')))).toEqual(['STW1001']);
      expect(codesOf(() => loadFleet(directory))).toEqual(['STW1017']);
      expect(codesOf(() => loadFleet(join(directory, 'fleet.json')))).toEqual(['STW1014', 'STW1014']);
    });
  });

  // Readable by nobody, not even root: its first page is not mapped.
  it.runIf(existsSync('/proc/self/mem'))('that fail while they are read say so', () => {
    withFiles({ 'fleet.json': fleetWithCatalogues('*.jsonl', '*.csv') }, (directory) => {
      for (const name of ['a.yaml', 'a.jsonl', 'a.csv']) symlinkSync('/proc/self/mem', join(directory, name));
      expect(codesOf(() => loadFleet(join(directory, 'a.yaml')))).toEqual(['STW1001']);
      expect(codesOf(() => loadFleet(join(directory, 'fleet.json')))).toEqual(['STW1001', 'STW1001']);
    });
  });

  it.each(['fleet.toml', 'fleet', 'fleet.yaml.bak'])('of another kind (%s)', (name) => {
    expect(load(yaml, name).map((found) => found.code)).toEqual(['STW1017']);
  });

  it('of another kind among the catalogues', () => {
    expect(loadCatalogue('x', 'models.txt').map((found) => found.code)).toEqual(['STW1017']);
  });

  it('without line ends do not fill the memory', () => {
    const [found] = loadCatalogue(Buffer.alloc(40 << 20, 'x'));
    expect(found).toMatchObject({ code: 'STW1003', location: { line: 1 } });
  });
});

describe('catalogues', () => {
  it('of 100,000 lines report each of 100 wrong ones with its line', () => {
    const wrong = new Map<number, [string, string]>();
    const lines = Array.from({ length: 100_000 }, (_, i) => {
      const entry = model(`m${i}`);
      if (i % 1000 !== 500) return JSON.stringify(entry);
      const kind = (i - 500) / 1000;
      const bad: [string, string, string][] = [
        [`${JSON.stringify(entry)}}`, 'STW1003', ''],
        [JSON.stringify({ ...entry, gpuMemory: -1 }), 'STW1007', 'gpuMemory'],
        [JSON.stringify({ ...entry, runtime: 'nope' }), 'STW1009', 'runtime'],
        [JSON.stringify(model(`m${i - 1}`)), 'STW1008', ''],
        [JSON.stringify({ ...entry, storageUri: undefined }), 'STW1006', 'storageUri'],
        [JSON.stringify({ ...entry, gpuMemory: '900Gi' }), 'STW1011', ''],
        [JSON.stringify({ ...entry, gpumemory: 1 }), 'STW1005', 'gpumemory'],
        ['null', 'STW1004', ''],
      ];
      const [line, code, path] = bad[kind % bad.length] as [string, string, string];
      wrong.set(i + 1, [code, path]);
      return line;
    });
    const found = loadCatalogue(lines.join('\n'));
    expect(found).toHaveLength(100);
    expect(new Map(found.map(({ code, location }) => [location?.line, [code, location?.path ?? '']]))).toEqual(wrong);
  });

  it('in CSV report each wrong row with its line', () => {
    const csv = 'name,format,storageUri,replicas\na,onnx,s3://a,two\nb,onnx\n\nc,onnx,s3://c,2,9\nd,onnx,s3://d,NaN\n';
    expect(loadCatalogue(csv, 'models.csv').map(({ code, location }) => [code, location?.line])).toEqual([
      ['STW1004', 2],
      ['STW1003', 3],
      ['STW1003', 5],
      ['STW1004', 6],
    ]);
  });

  it.each([
    ['a quote left open', 'name,format\n"a,onnx\n', 'STW1003'],
    ['a column twice', 'name,name\na,b\n', 'STW1008'],
    ['a column without name', 'name,\na,b\n', 'STW1003'],
    ['only a header', 'name,format\n', 'STW1016'],
    ['nothing', '', 'STW1016'],
  ])('in CSV with %s', (_, csv, code) => {
    expect(loadCatalogue(csv, 'models.csv').map((found) => found.code)).toEqual([code]);
  });

  it.each([
    ['models.yaml', 'models: 3\n', 'STW1004'],
    ['models.json', '{"a":1}', 'STW1004'],
    ['models.json', '', 'STW1004'],
    ['models.jsonl', '[]\n', 'STW1004'],
    ['models.jsonl', '"text"\n', 'STW1004'],
    ['models.jsonl', '', 'STW1016'],
    ['models.jsonl', `${'['.repeat(100_000)}\n`, 'STW1003'],
    ['models.jsonl', `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`, 'STW1004'],
  ])('in %s of a wrong shape (%#)', (name, text, code) => {
    expect(loadCatalogue(text, name).map((found) => found.code)).toEqual([code]);
  });
});
