import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RepackCurve } from '../../src/plan/repack-curve';
import type { Transition } from '../../src/plan/transition';
import { gpuModel, jsonLines, smallFleet } from './fleets';
import { cleanUp, directoryWith, stowage } from './stowage';

afterAll(cleanUp);

const names = Array.from({ length: 20 }, (_, i) => `m${String(i).padStart(2, '0')}`);

/** Full shards, of which every second model is gone afterwards: some could end. */
function thinned(): string {
  const cwd = directoryWith({
    'fleet.yaml': smallFleet('{ pods: 20 }'),
    'models/a.jsonl': jsonLines(names.map((name) => gpuModel(name, '5Gi'))),
  });
  expect(stowage(['lock'], { cwd }).status).toBe(0);
  const kept = names.filter((_, i) => i % 2 === 1);
  writeFileSync(join(cwd, 'models/a.jsonl'), jsonLines(kept.map((name) => gpuModel(name, '5Gi'))));
  return cwd;
}

interface Printed extends RepackCurve {
  readonly transition: Transition;
}

describe('stowage repack', () => {
  it('shows what moves save, the point that pays, and everything anew', () => {
    const cwd = thinned();
    const run = stowage(['repack', '--curve'], { cwd });
    expect(run.status, run.stderr).toBe(0);
    for (const part of ['Cost against moves', 'anew', 'a move and', 'no gap in service'])
      expect(run.stdout).toContain(part);
    for (const line of stowage(['repack', '--curve'], { cwd, env: { COLUMNS: '60' } }).stdout.split('\n'))
      expect([...line].length).toBeLessThanOrEqual(60);
    const markdown = stowage(['repack', '--curve', '--format', 'markdown'], { cwd }).stdout;
    expect(markdown).toContain('| steps | moves |');
    expect(stowage(['repack', '--out', 'curve.svg'], { cwd }).status).toBe(0);
    expect(readFileSync(join(cwd, 'curve.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it('takes no more moves than told, and writes only under --write', () => {
    const cwd = thinned();
    const before = readFileSync(join(cwd, 'stowage.lock'), 'utf8');
    const json = (...args: string[]) =>
      JSON.parse(stowage(['repack', '--format', 'json', ...args], { cwd }).stdout) as Printed;
    const whole = json();
    expect(whole.steps.length).toBeGreaterThan(1);
    const first = whole.steps[0]?.point.moves ?? 0;
    expect(json('--max-moves', String(first)).chosen).toBe(1);
    expect(json('--max-moves', '0').chosen).toBe(0);
    expect(json('--max-move-bytes', '1').chosen).toBe(0);
    expect(json('--move-cost', '100000/move', '--horizon', '1h').chosen).toBe(0);
    expect(readFileSync(join(cwd, 'stowage.lock'), 'utf8')).toBe(before);
    const run = stowage(['repack', '--write', '--max-moves', String(first)], { cwd });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr).toContain('Wrote stowage.lock');
    expect(readFileSync(join(cwd, 'stowage.lock'), 'utf8')).not.toBe(before);
    expect(stowage(['plan', '--frozen'], { cwd }).status).toBe(0);
  });

  it('is what plan, lock and verify do with the same limits', () => {
    const cwd = thinned();
    const plan = stowage(['plan', '--max-moves', '100'], { cwd });
    expect(plan.stdout).toContain('Transition:');
    expect(stowage(['plan', '--max-moves', '100', '--format', 'json', '--out', 'plan.json'], { cwd }).status).toBe(0);
    const verified = stowage(['verify', 'plan.json'], { cwd });
    expect(verified.status, verified.stdout).toBe(0);
    expect(stowage(['lock', '--max-moves', '100'], { cwd }).status).toBe(0);
    const locked = readFileSync(join(cwd, 'stowage.lock'), 'utf8');
    const again = stowage(['repack', '--max-moves', '100', '--write'], { cwd });
    expect(again.status, again.stderr).toBe(0);
    expect(readFileSync(join(cwd, 'stowage.lock'), 'utf8')).toBe(locked);
  });

  it('says what is wrong with what it is given', () => {
    const cwd = thinned();
    for (const [args, words] of [
      [['repack', '--max-moves', 'many'], 'whole number'],
      [['repack', '--max-move-bytes', 'much'], 'is not a size'],
      [['repack', '--move-cost', 'dear'], 'not a cost in dollars'],
      [['repack', '--horizon', 'long'], 'not a time'],
      [['repack', '--lockfile', 'no.lock'], 'STW5107'],
      [['plan', '--max-moves', '1', '--repack'], 'bound moves'],
      [['plan', '--max-moves', '1', '--frozen'], 'bound moves'],
    ] as const) {
      const run = stowage(args, { cwd });
      expect(run.status).toBe(1);
      expect(run.stderr).toContain(words);
      expect(run.stderr).not.toMatch(/\n\s+at /);
    }
  });
});
