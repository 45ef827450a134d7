import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesUnder, makeProject, makeTarball, run, type Tarball, version } from './tarball';

let tarball: Tarball;
beforeAll(() => {
  tarball = makeTarball();
}, 180_000);
afterAll(() => rmSync(tarball.directory, { recursive: true, force: true }));

const imports = `
import { App, Chart } from 'cdk8s';
import { runtime } from '@pulumi/pulumi';
import { defineFleet, planFleet, renderFleet, StowageError } from 'stowage';
import { Fleet as Construct } from 'stowage/cdk8s';
import { Fleet as Component } from 'stowage/pulumi';`;
const requires = `
const { App, Chart } = require('cdk8s');
const { runtime } = require('@pulumi/pulumi');
const { defineFleet, planFleet, renderFleet, StowageError } = require('stowage');
const { Fleet: Construct } = require('stowage/cdk8s');
const { Fleet: Component } = require('stowage/pulumi');`;
const body = `
const fleet = defineFleet({
  name: 'small',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: [{ name: 'a', format: 'sklearn', storageUri: 's3://models/a' }],
});
const { plan } = planFleet(fleet);
const objects = renderFleet(fleet, plan).flatMap((group) => group.objects);
const chart = new Chart(new App(), 'chart');
new Construct(chart, 'models', { fleet, lock: 'off' });
void (async () => {
  await runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
    call: ({ inputs }) => inputs,
  });
  const component = new Component('models', { fleet: 'fleet.ts', lock: 'off' });
  let code = '';
  try {
    defineFleet({ name: 'none', pools: [], models: [] });
  } catch (error) {
    if (StowageError.is(error)) code = error.code;
  }
  component.endpoint.apply((endpoint) =>
    console.log(JSON.stringify({ endpoint, code, objects: objects.length, synthesised: chart.toJson().length })),
  );
})();`;
const fleetModule = `
import { defineFleet } from 'stowage';
export const fleet = defineFleet({
  name: 'other',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: [{ name: 'b', format: 'sklearn', storageUri: 's3://models/b' }],
});`;
const tsconfig = (options: object) =>
  JSON.stringify({ compilerOptions: { target: 'ES2022', strict: true, types: ['node'], noEmit: true, ...options } });

function expectOutput(text: string): void {
  const { endpoint, code, objects, synthesised } = JSON.parse(text) as Record<string, unknown>;
  expect(endpoint).toMatch(/^http:\/\/other[a-z-]*\.other\.svc:\d+$/);
  expect(code).toBe('STW1016');
  expect(objects).toBeGreaterThan(5);
  expect(synthesised).toBe(objects);
}

describe('the packed package runs', { timeout: 180_000 }, () => {
  it('from a CommonJS project', () => {
    const project = makeProject(tarball, 'commonjs', { 'main.js': requires + body, 'fleet.ts': fleetModule });
    expectOutput(run(project, 'main.js'));
  });

  it('from an ES module project', () => {
    const project = makeProject(tarball, 'esm', {
      'package.json': '{"type":"module"}',
      'main.js': imports + body,
      'fleet.ts': fleetModule,
    });
    expectOutput(run(project, 'main.js'));
  });

  it('under ts-node, with types', () => {
    const project = makeProject(
      tarball,
      'ts-node',
      {
        'main.ts': imports + body,
        'fleet.ts': fleetModule,
        'tsconfig.json': tsconfig({ module: 'node16', moduleResolution: 'node16', skipLibCheck: true }),
      },
      ['ts-node', 'typescript', '@types/node'],
    );
    expectOutput(run(project, 'node_modules/ts-node/dist/bin.js', 'main.ts'));
  });

  it.each(['commonjs', 'module'])('under tsx (%s)', (type) => {
    const project = makeProject(
      tarball,
      `tsx-${type}`,
      { 'package.json': JSON.stringify({ type }), 'main.ts': imports + body, 'fleet.ts': fleetModule },
      ['tsx'],
    );
    expectOutput(run(project, 'node_modules/tsx/dist/cli.mjs', 'main.ts'));
  });

  it('as a command', () => {
    const project = makeProject(tarball, 'command', { 'fleet.ts': fleetModule });
    const main = 'node_modules/stowage/dist/src/cli/main.js';
    expect(run(project, main, '--version').trim()).toBe(version);
    expect(run(project, main, 'plan')).toContain('1 model');
  });
});

describe('its types', { timeout: 180_000 }, () => {
  it.each([
    ['node16', { module: 'node16', moduleResolution: 'node16', skipLibCheck: true }],
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true }],
    ['node10, through typesVersions', { module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true }],
  ])('resolve with %s', (name, options) => {
    const project = makeProject(
      tarball,
      `types-${name.split(',')[0]}`,
      { 'main.ts': imports + body, 'fleet.ts': fleetModule, 'tsconfig.json': tsconfig(options) },
      ['typescript', '@types/node'],
    );
    expect(run(project, 'node_modules/typescript/bin/tsc', '-p', '.')).toBe('');
  });

  it('stand on their own: none of the declarations that a user reaches mentions zod', () => {
    const project = makeProject(tarball, 'declarations', {});
    const dist = join(project, 'node_modules', 'stowage', 'dist');
    const reached = reachable(
      ['src/index.d.ts', 'components/pulumi/index.d.ts', 'components/cdk8s/index.d.ts'].map((file) => join(dist, file)),
    );
    expect(reached.size).toBeGreaterThan(10);
    for (const file of reached)
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/from ["']zod["']|import\(["']zod/);
  });
});

it('holds what it needs and nothing of the tests', () => {
  const project = makeProject(tarball, 'content', {});
  const files = filesUnder(join(project, 'node_modules', 'stowage'));
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'schema']) expect(files).toContain(file);
  expect(files.filter((file) => /^dist\/(test|examples|bench|scripts)\b/.test(file))).toEqual([]);
});

/** The declaration files that these import, and so on. */
function reachable(entries: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [...entries];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()["'](\.[^"']*)["']/g)) {
      const base = resolve(dirname(file), target.replace(/\.js$/, ''));
      const next = [`${base}.d.ts`, join(base, 'index.d.ts')].find(existsSync);
      if (next === undefined) throw new Error(`${file} imports ${target}, which is not in the package`);
      queue.push(next);
    }
  }
  return seen;
}
