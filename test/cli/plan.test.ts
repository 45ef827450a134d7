import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Conflict } from '../../src/plan/conflict/conflict';
import type { Plan } from '../../src/plan/plan';
import { gpuModel, jsonLines, smallFleet, smallProject } from './fleets';
import { cleanUp, directoryWith, stowage } from './stowage';

afterAll(cleanUp);

describe('stowage plan', () => {
  it('finds the fleet here, prints text without colour into a pipe, and exits 0', () => {
    const run = stowage(['plan'], { cwd: directoryWith(smallProject()) });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('4 models on 1 shard');
    expect(run.stdout).not.toContain('\u001b');
    expect(run.stderr).toContain('No lockfile yet');
  });

  it('colours under --color and FORCE_COLOR, not under NO_COLOR', () => {
    const cwd = directoryWith(smallProject());
    expect(stowage(['plan', '--color'], { cwd }).stdout).toContain('\u001b[');
    expect(stowage(['plan'], { cwd, env: { FORCE_COLOR: '1' } }).stdout).toContain('\u001b[');
    expect(stowage(['plan'], { cwd, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }).stdout).not.toContain('\u001b[');
  });

  it('fits the terminal', () => {
    const cwd = directoryWith(smallProject());
    for (const columns of [50, 72, 100]) {
      const { stdout } = stowage(['plan', '--details'], { cwd, env: { COLUMNS: String(columns) } });
      const longest = Math.max(...stdout.split('\n').map((line) => [...line].length));
      expect(longest, `at ${columns} columns:\n${stdout}`).toBeLessThanOrEqual(columns);
    }
  });

  it('writes JSON that names its version, Markdown, HTML and SVG, by --format or by the ending of --out', () => {
    const cwd = directoryWith(smallProject());
    const plan = JSON.parse(stowage(['plan', '--format', 'json'], { cwd }).stdout) as Plan;
    expect(plan.formatVersion).toBe('1.1');
    expect(plan.summary.models).toBe(4);
    for (const [file, start] of [
      ['plan.md', '<!-- stowage:plan fleet=zoo'],
      ['plan.html', '<!doctype html>'],
      ['plan.svg', '<svg '],
      ['plan.json', '{'],
    ] as const) {
      const run = stowage(['plan', '--out', file], { cwd });
      expect(run.status, run.stderr).toBe(0);
      expect(run.stdout).toBe('');
      expect(readFileSync(join(cwd, file), 'utf8').startsWith(start)).toBe(true);
    }
  });

  it('exits 2 under --detailed-exitcode when something changes, 0 when nothing does', () => {
    const cwd = directoryWith(smallProject());
    expect(stowage(['plan', '--detailed-exitcode'], { cwd }).status).toBe(2);
    expect(stowage(['plan'], { cwd }).status).toBe(0);
    expect(stowage(['lock'], { cwd }).status).toBe(0);
    expect(stowage(['plan', '--detailed-exitcode'], { cwd }).status).toBe(0);
    writeFileSync(join(cwd, 'models/b.jsonl'), jsonLines([gpuModel('later')]));
    const run = stowage(['plan', '--detailed-exitcode'], { cwd });
    expect(run.status).toBe(2);
    expect(run.stdout).toContain('+ default/later@1');
  });

  it('exits 3 where a hard budget is broken, and says which', () => {
    const cwd = directoryWith(smallProject(10, '{ gpus: { L4: 1 } }'));
    const run = stowage(['plan', '--detailed-exitcode'], { cwd });
    expect(run.status).toBe(3);
    expect(run.stdout).toMatch(/L4 GPUs .*OVER/);
    expect(run.stdout).toContain('Proven: no plan of this fleet keeps the budget L4 GPUs.');
    expect(run.stdout).toContain('raise the limit of L4 GPUs from 1 to 2');
    const markdown = stowage(['plan', '--format', 'markdown'], { cwd }).stdout;
    expect(markdown).toContain('| raise the limit of L4 GPUs from 1 to 2 |');
  });

  it('has the conflict in its JSON, which is still a plan', () => {
    const cwd = directoryWith(smallProject(10, '{ gpus: { L4: 1 } }'));
    expect(stowage(['plan', '--out', 'plan.json'], { cwd }).status).toBe(3);
    const { conflict } = JSON.parse(readFileSync(join(cwd, 'plan.json'), 'utf8')) as { conflict: Conflict };
    expect(conflict).toMatchObject({ verdict: 'proven', minimal: true });
    expect(conflict.relaxations[0]).toMatchObject({ kind: 'raise', budgets: [{ budget: 'gpus.L4', from: 1, to: 2 }] });
    expect(stowage(['verify', 'plan.json'], { cwd }).status).toBe(0);
  });

  it('evens models out under --objective spread, at the same cost', () => {
    const cwd = directoryWith(smallProject(7));
    const largest = (args: readonly string[]) => {
      const { summary, shards } = JSON.parse(stowage(['plan', '-f', 'json', ...args], { cwd }).stdout) as Plan;
      return { pods: summary.pods, models: Math.max(...shards.map(({ models }) => models.length)) };
    };
    expect(largest(['--objective', 'spread'])).toEqual({ pods: largest([]).pods, models: 4 });
    expect(stowage(['plan', '--objective', 'fun'], { cwd }).stderr).toContain('STW5002');
  });

  it('only warns where a soft budget is broken', () => {
    const cwd = directoryWith(smallProject(10, '{ gpus: { L4: { limit: 1, enforcement: warn } } }'));
    const run = stowage(['plan'], { cwd });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('over (warning)');
  });

  it('takes a fleet module', () => {
    const cwd = directoryWith({
      'fleet.ts': `import { defineFleet } from 'stowage';
export const fleet = defineFleet({
  name: 'typed',
  pools: [{ name: 'cpu', cpu: 8, memory: '32Gi' }],
  models: [{ name: 'a', format: 'sklearn', storageUri: 's3://a' }],
});
`,
    });
    const run = stowage(['plan'], { cwd });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toContain('typed');
  });

  it('gives the same bytes twice and in another order of declaration', () => {
    const models = Array.from({ length: 30 }, (_, i) => gpuModel(`m${i}`, `${1 + (i % 7)}Gi`));
    const one = directoryWith({ 'fleet.yaml': smallFleet('{}'), 'models/a.jsonl': jsonLines(models) });
    const other = directoryWith({ 'fleet.yaml': smallFleet('{}'), 'models/a.jsonl': jsonLines([...models].reverse()) });
    const json = (cwd: string) => stowage(['plan', '--format', 'json'], { cwd }).stdout;
    expect(json(one)).toBe(json(one));
    const unplaced = (text: string) => text.replace(/"line": \d+/g, '');
    expect(unplaced(json(other))).toBe(unplaced(json(one)));
  });
});

describe('frozen', () => {
  const staleProject = (): string => {
    const cwd = directoryWith(smallProject());
    expect(stowage(['lock'], { cwd }).status).toBe(0);
    writeFileSync(join(cwd, 'models/b.jsonl'), jsonLines([gpuModel('later')]));
    return cwd;
  };

  it('is the default in CI where there is a lockfile', () => {
    const cwd = staleProject();
    const run = stowage(['plan'], { cwd, env: { CI: 'true' } });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('STW5103');
    expect(run.stderr).toContain('1 added');
    expect(run.stderr).toContain('stowage lock');
    expect(stowage(['plan', '--no-frozen'], { cwd, env: { CI: 'true' } }).status).toBe(0);
    expect(stowage(['plan'], { cwd, env: { CI: 'false' } }).status).toBe(0);
  });

  it('is off in CI before there is a lockfile, and asked for explicitly needs one', () => {
    const cwd = staleProject();
    rmSync(join(cwd, 'stowage.lock'));
    expect(stowage(['plan'], { cwd, env: { CI: 'true' } }).status).toBe(0);
    expect(stowage(['plan', '--frozen'], { cwd }).status).toBe(1);
  });

  it('does not go with --repack or --update', () => {
    const cwd = staleProject();
    for (const more of [['--repack'], ['--update', 'default/m00@1']]) {
      const run = stowage(['plan', '--frozen', ...more], { cwd });
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('STW5002');
    }
  });
});

describe('other verbs', () => {
  it('init writes a fleet that plans within its budgets, and overwrites nothing', () => {
    const cwd = directoryWith();
    expect(stowage(['init', 'new'], { cwd }).status).toBe(0);
    const planned = stowage(['plan', '-C', 'new'], { cwd });
    expect(planned.status, planned.stderr).toBe(0);
    const again = stowage(['init', 'new'], { cwd });
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('STW5004');
  });

  it('explain tells where a model is, and suggests a near name', () => {
    const cwd = directoryWith(smallProject());
    const run = stowage(['explain', 'm01'], { cwd });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toContain('default/m01@1');
    expect(run.stdout).toContain('3 other models');
    expect(JSON.parse(stowage(['explain', 'm01', '--format', 'json'], { cwd }).stdout).model).toBe('default/m01@1');
    expect(stowage(['explain', 'm01', '--format', 'markdown'], { cwd }).stdout).toContain('### `default/m01@1`');
    const unknown = stowage(['explain', 'm0x'], { cwd });
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toMatch(/error STW3301/);
  });

  it('verify checks the plan made now and a saved one, and refuses a forged one', () => {
    const cwd = directoryWith(smallProject());
    const now = stowage(['verify'], { cwd });
    expect(now.status, now.stderr).toBe(0);
    expect(now.stdout).toContain('sound');
    stowage(['plan', '-o', 'plan.json'], { cwd });
    expect(stowage(['verify', 'plan.json'], { cwd }).status).toBe(0);
    const forged = readFileSync(join(cwd, 'plan.json'), 'utf8').replace('default/m01@1', 'default/m09@1');
    writeFileSync(join(cwd, 'forged.json'), forged);
    const run = stowage(['verify', 'forged.json', '--format', 'json'], { cwd });
    expect(run.status).toBe(1);
    expect(JSON.parse(run.stdout).ok).toBe(false);
  });

  it('schema prints a JSON Schema, error an entry of the reference', () => {
    for (const name of ['fleet', 'model', 'model-table']) {
      const schema = JSON.parse(stowage(['schema', name]).stdout) as { $schema?: string };
      expect(schema.$schema).toContain('json-schema.org');
    }
    expect(stowage(['error', 'stw1008']).stdout).toContain('Declared twice');
    expect(stowage(['error', '1008']).stdout).toContain('STW1008');
    expect(stowage(['error', 'STW1999']).stderr).toContain('STW5006');
  });
});
