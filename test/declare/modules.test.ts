import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFleet } from '../../src/declare/load-fleet';
import { diagnosticsOf, fleetInput, model, withFiles } from './support';

const input = JSON.stringify(fleetInput());
const load = (files: Record<string, string>, name = Object.keys(files)[0] ?? '') =>
  withFiles(files, (directory) => loadFleet(join(directory, name)));

describe('a fleet module', () => {
  it.each([
    ['fleet.ts', `import { defineFleet } from 'stowage';\nexport const fleet = defineFleet(${input});\n`],
    [
      'fleet.ts',
      `import { defineFleet, type FleetInput } from 'stowage';\nconst input: FleetInput = ${input};\nexport default defineFleet(input);\n`,
    ],
    ['fleet.mts', `import { defineFleet } from 'stowage';\nexport default defineFleet(${input});\n`],
    ['fleet.mjs', `import { defineFleet } from 'stowage';\nexport default defineFleet(${input});\n`],
    ['fleet.cjs', `const { defineFleet } = require('stowage');\nmodule.exports = defineFleet(${input});\n`],
    ['fleet.cjs', `const { defineFleet } = require('stowage');\nexports.fleet = defineFleet(${input});\n`],
    ['fleet.js', `module.exports = ${input};\n`],
    ['fleet.js', `export default ${input};\n`],
  ])('loads as %s (%#)', (name, text) => {
    expect(load({ [name]: text }).models.map((entry) => entry.key)).toEqual(['default/resnet50@1']);
  });

  it('loads in an ES module project', () => {
    const text = `import { defineFleet } from 'stowage';\nexport const fleet = defineFleet(${input});\n`;
    expect(load({ 'fleet.js': text, 'package.json': '{"type":"module"}' }).name).toBe('demo');
  });

  it('may import its neighbours and read catalogues relative to itself', () => {
    const fleet = load({
      'fleet.ts': `import { pools } from './pools';\nexport default { name: 'demo', pools, catalogues: ['*.jsonl'] };\n`,
      'pools.ts': `export const pools = ${JSON.stringify(fleetInput().pools)} as const;\n`,
      'm.jsonl': JSON.stringify(model('x')),
    });
    expect(fleet.models.map((entry) => entry.name)).toEqual(['x']);
  });

  it.each([
    ['throws', 'throw new Error("no such catalogue\\nat some place");', /failed: no such catalogue$/],
    ['throws nothing', 'throw null;', /failed: null/],
    ['throws a text', 'throw "text";', /failed: text/],
    ['is not TypeScript', 'export const = 3;', /failed/],
    ['imports what is not there', 'import "./gone";', /failed/],
    ['exports nothing', 'const x = 1;', /exports no fleet/],
    ['exports null', 'module.exports = null;', /exports no fleet/],
    ['exports a function', 'export default () => 1;', /exports no fleet/],
    ['exports a promise', 'export default Promise.resolve({});', /exports a promise/],
    ['waits at the top', 'await Promise.resolve();\nexport default {};', /./],
  ])('that %s gives STW1015', (_, text, message) => {
    const found = diagnosticsOf(() => load({ 'fleet.ts': text }));
    expect(found.map((finding) => finding.code)).toEqual(['STW1015']);
    expect(found[0]?.message).toMatch(message);
    expect(found[0]?.location?.file).toMatch(/fleet\.ts$/);
  });

  it('passes on what is wrong with the fleet that it defines', () => {
    const bad = JSON.stringify(fleetInput({ models: [model('a', { replicas: 0 }), model('b', { gpuMemory: '-1' })] }));
    for (const text of [
      `import { defineFleet } from 'stowage';\nexport default defineFleet(${bad});`,
      `export default ${bad};`,
    ])
      expect(diagnosticsOf(() => load({ 'fleet.ts': text })).map((finding) => finding.code)).toEqual([
        'STW1007',
        'STW1007',
      ]);
  });
});
