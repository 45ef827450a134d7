import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineFleet } from '../../src/declare/define-fleet';
import type { FleetInput } from '../../src/declare/input';
import { StowageError } from '../../src/errors/stowage-error';
import { planFleet, saveLock } from '../../src/project/plan-fleet';

let directory: string;
let lockfile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-project-'));
  lockfile = join(directory, 'stowage.lock');
});
afterEach(() => {
  chmodSync(directory, 0o755);
  rmSync(directory, { recursive: true });
});

function fleet(names: readonly string[], memory = '1Gi', more: Partial<FleetInput> = {}) {
  const input: FleetInput = {
    name: 'small',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1 }],
    models: names.map((name) => ({ name, format: 'sklearn', storageUri: `s3://models/${name}`, memory })),
    ...more,
  };
  return defineFleet(input);
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (StowageError.is(error)) return error.code;
    throw error;
  }
  return 'none';
}

describe('planFleet', () => {
  it('reads no lockfile unless told one', () => {
    const planned = planFleet(fleet(['a', 'b']));
    expect(planned.lockState).toBe('off');
    expect(planned.plan.changes.against).toBe('nothing');
    expect(saveLock(planned)).toBe(false);
  });

  it('goes from absent to current, and writes once', () => {
    const first = planFleet(fleet(['a', 'b']), { lockfile });
    expect(first.lockState).toBe('absent');
    expect(saveLock(first)).toBe(true);
    expect(readFileSync(lockfile, 'utf8')).toBe(first.lockText);
    const second = planFleet(fleet(['b', 'a']), { lockfile, frozen: true });
    expect(second.lockState).toBe('current');
    expect(saveLock(second)).toBe(false);
    expect(readdirSync(directory)).toEqual(['stowage.lock']);
  });

  it('keeps a locked model where it is when another is added', () => {
    saveLock(planFleet(fleet(['b']), { lockfile }));
    const planned = planFleet(fleet(['a', 'b']), { lockfile });
    expect(planned.plan.changes.moved).toEqual([]);
    expect(planned.plan.changes.added).toEqual(['default/a@1']);
    expect(planned.lockState).toBe('stale');
  });

  it('refuses in frozen mode and says what differs', () => {
    expect(codeOf(() => planFleet(fleet(['a']), { lockfile, frozen: true }))).toBe('STW5103');
    saveLock(planFleet(fleet(['a']), { lockfile }));
    const before = readFileSync(lockfile, 'utf8');
    expect(() => planFleet(fleet(['a', 'c', 'd']), { lockfile, frozen: true })).toThrow(/models 2 added/);
    expect(() => planFleet(fleet(['a'], '2Gi'), { lockfile, frozen: true })).toThrow(/models 1 resized/);
    expect(readFileSync(lockfile, 'utf8')).toBe(before);
  });

  it('says that a model needs more shards, and plans them', () => {
    const inCopies = { packing: { layout: 'copies' as const } };
    saveLock(planFleet(fleet(['a', 'b'], '1Gi', inCopies), { lockfile }));
    const models = fleet(['a', 'b'], '1Gi', inCopies).models.map((model) => ({ ...model, replicas: 2 }));
    const more = { ...fleet(['a', 'b'], '1Gi', inCopies), models };
    expect(() => planFleet(more, { lockfile, frozen: true })).toThrow(/models 2 in more or fewer shards/);
    const planned = planFleet(more, { lockfile });
    expect(planned.plan.changes.copies).toEqual(models.map(({ key }) => ({ model: key, before: 1, after: 2 })));
    expect(planned.plan.changes.moved).toEqual([]);
    saveLock(planned);
    expect(readFileSync(lockfile, 'utf8')).toMatch(/"model":"default\/a@1","in":\["\w+","\w+"\]/);
    expect(planFleet(more, { lockfile, frozen: true }).lockState).toBe('current');
  });

  it('names a model to update that is not declared, with the nearest', () => {
    try {
      planFleet(fleet(['alpha']), { lockfile, update: ['default/alpa@1'] });
      expect.unreachable();
    } catch (error) {
      expect(StowageError.is(error) && error.code).toBe('STW5104');
      expect(StowageError.is(error) && error.diagnostics[0]?.hint).toContain('default/alpha@1');
    }
  });

  it('never half-writes: a lockfile that cannot be replaced stays as it was', () => {
    saveLock(planFleet(fleet(['a']), { lockfile }));
    const before = readFileSync(lockfile, 'utf8');
    const planned = planFleet(fleet(['a', 'b']), { lockfile });
    const lost = { ...planned, lockfile: join(directory, 'missing', 'stowage.lock') };
    expect(codeOf(() => saveLock(lost))).toBe('STW5102');
    expect(readFileSync(lockfile, 'utf8')).toBe(before);
    expect(readdirSync(directory)).toEqual(['stowage.lock']);
  });

  it('writes through a symbolic link and keeps the link', () => {
    const real = join(directory, 'real.lock');
    writeFileSync(real, '');
    rmSync(real);
    saveLock(planFleet(fleet(['a']), { lockfile: real }));
    symlinkSync(real, lockfile);
    const planned = planFleet(fleet(['a', 'b']), { lockfile });
    saveLock(planned);
    expect(readFileSync(real, 'utf8')).toBe(planned.lockText);
  });

  it('says so where the lockfile is not text', () => {
    writeFileSync(lockfile, Buffer.from([0xff, 0xfe, 0x00]));
    expect(codeOf(() => planFleet(fleet(['a']), { lockfile }))).toBe('STW5101');
  });
});
