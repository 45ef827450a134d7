import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/errors/stowage-error';
import { gpuModel, jsonLines, smallFleet, smallProject } from './fleets';
import { cleanEnvironment, cleanUp, cliMain, directoryWith, stowage } from './stowage';

afterAll(cleanUp);

/** Exit 1, a coded error on standard error, and no sign of a stack. */
function failsWith(run: ReturnType<typeof stowage>, code: string): string {
  expect(run.status, run.stdout).toBe(1);
  expect(run.stderr).toMatch(new RegExp(`error ${code}\\b`));
  expect(run.stderr).toContain('hint: ');
  expect(run.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(run.stderr).not.toContain('STW5999');
  return run.stderr;
}

const planWith = (files: Record<string, string | Buffer>, ...args: string[]) =>
  stowage(['plan', ...args], { cwd: directoryWith(files) });

describe('bad input gives a coded error and no stack', () => {
  it('no fleet here', () => {
    expect(failsWith(planWith({}), 'STW5001')).toContain('fleet.ts, fleet.yaml, fleet.yml, fleet.json');
  });

  it('a path that is not there, and one that is a directory', () => {
    failsWith(planWith({}, 'missing.yaml'), 'STW1001');
    const cwd = directoryWith();
    mkdirSync(join(cwd, 'fleet.yaml'));
    failsWith(stowage(['plan', 'fleet.yaml'], { cwd }), 'STW1001');
  });

  it('a file that is not text', () => {
    failsWith(planWith({ 'fleet.yaml': Buffer.from([0x89, 0x50, 0, 0xff, 0xfe]) }), 'STW1002');
  });

  it('bad YAML, with its line', () => {
    expect(failsWith(planWith({ 'fleet.yaml': 'name: zoo\npools: [\n' }), 'STW1003')).toMatch(/fleet\.yaml:\d/);
  });

  it('unknown runtime, sizes beyond reason, a prototype key', () => {
    const models = [
      gpuModel('a', '4Gi', { runtime: 'tritn' }),
      gpuModel('b', '4Gi', { memory: 2 ** 60 }),
      gpuModel('c', '-4Gi'),
      gpuModel('d', '900Gi'),
    ];
    const text = `${jsonLines(models)}{"__proto__": {"polluted": true}, "name": "e"}\n`;
    const stderr = failsWith(
      planWith({ 'fleet.yaml': smallFleet(), 'models/a.jsonl': text }, '--all-errors'),
      'STW1009',
    );
    for (const [line, code] of [
      [1, 'STW1009'],
      [2, 'STW1007'],
      [3, 'STW1007'],
      [4, 'STW1011'],
      [5, 'STW1013'],
    ] as const)
      expect(stderr).toMatch(new RegExp(`error ${code} models/a\\.jsonl:${line}\\b`));
  });

  it('a fleet module that throws', () => {
    failsWith(planWith({ 'fleet.ts': 'throw new Error("no");' }), 'STW1015');
  });

  it('a lockfile from the future, and one with conflict markers', () => {
    failsWith(planWith({ ...smallProject(), 'stowage.lock': '{"stowageLock":99}\n' }), 'STW3102');
    failsWith(planWith({ ...smallProject(), 'stowage.lock': '{"stowageLock":1}\n<<<<<<< HEAD\n' }), 'STW3103');
  });

  it('an output that cannot be written', () => {
    failsWith(planWith(smallProject(), '--out', 'missing/plan.json'), 'STW5003');
  });

  it('a plan.json that is none, and one from the future', () => {
    failsWith(
      stowage(['verify', 'plan.json'], { cwd: directoryWith({ ...smallProject(), 'plan.json': 'no' }) }),
      'STW1003',
    );
    const future = { ...smallProject(), 'plan.json': '{"formatVersion":"9.0"}' };
    failsWith(stowage(['diff', 'plan.json'], { cwd: directoryWith(future) }), 'STW3202');
  });

  it('a directory to work in that is not there', () => {
    failsWith(stowage(['plan', '-C', '/no/such/directory']), 'STW5002');
  });
});

describe('a hundred wrong entries in a catalogue of 100,000 lines', () => {
  const lines = Array.from({ length: 100_000 }, (_, i) =>
    JSON.stringify(i % 1000 === 500 ? gpuModel(`m${i}`, 'much') : gpuModel(`m${i}`, '1Mi')),
  );
  const files = { 'fleet.yaml': smallFleet('{}'), 'models/a.jsonl': `${lines.join('\n')}\n` };

  it('are all found; the first twenty are printed and the rest counted', () => {
    const cwd = directoryWith(files);
    const stderr = failsWith(stowage(['plan'], { cwd }), 'STW1007');
    expect(stderr.match(/error STW1007/g)).toHaveLength(20);
    expect(stderr).toContain('models/a.jsonl:501');
    expect(stderr).toContain('and 80 more (--all-errors shows them)');
    const run = stowage(['plan', '--all-errors', '--format', 'json'], { cwd });
    expect(run.stderr.match(/error STW1007/g)).toHaveLength(100);
    const { formatVersion, errors } = JSON.parse(run.stdout) as { formatVersion: string; errors: Diagnostic[] };
    expect(formatVersion).toBe('1.0');
    expect(errors.map(({ location }) => location?.line)).toEqual(Array.from({ length: 100 }, (_, i) => i * 1000 + 501));
  });
});

describe('wrong command lines', () => {
  it('suggest what was meant', () => {
    expect(failsWith(stowage(['plna']), 'STW5002')).toContain('Did you mean plan?');
    expect(failsWith(stowage(['plan', '--fromat', 'json']), 'STW5002')).toContain('--format');
    expect(failsWith(stowage(['plan', '--format', 'jsn']), 'STW5002')).toContain('Allowed choices are text, json');
    failsWith(stowage(['explain']), 'STW5002');
    failsWith(stowage(['lock', '--check', '--repack']), 'STW5002');
  });

  it('are told in JSON where that was asked for', () => {
    const run = stowage(['plan', '--bogus', '--format=json']);
    expect(JSON.parse(run.stdout).errors[0].code).toBe('STW5002');
  });

  it('without a verb print the help', () => {
    const run = stowage([]);
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('Usage: stowage');
    const help = stowage(['--help']);
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('Exit status');
    expect(stowage(['help', 'plan']).stdout).toContain('--detailed-exitcode');
    expect(stowage(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('pipes', () => {
  it('a reader that goes away is no error', async () => {
    const models = Array.from({ length: 3000 }, (_, i) => gpuModel(`m${i}`, '64Mi'));
    const cwd = directoryWith({ 'fleet.yaml': smallFleet('{}'), 'models/a.jsonl': jsonLines(models) });
    writeFileSync(
      join(cwd, 'run.sh'),
      `"${process.execPath}" "${cliMain}" plan -f json -q | head -c 10\nexit \${PIPESTATUS[0]}\n`,
    );
    const shell = spawn('bash', ['run.sh'], { cwd, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    shell.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const status = await new Promise((resolve) => shell.on('close', resolve));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('shows no progress where standard error is no terminal', () => {
    const models = Array.from({ length: 20_000 }, (_, i) => gpuModel(`m${i}`, '64Mi'));
    const cwd = directoryWith({ 'fleet.yaml': smallFleet('{}'), 'models/a.jsonl': jsonLines(models) });
    expect(stowage(['plan'], { cwd }).stderr).not.toContain('\r');
  });
});
