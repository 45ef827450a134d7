import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFleet } from '../../src/declare/load-fleet';
import { planFleet } from '../../src/project/plan-fleet';
import { verifyPlan } from '../../src/verify/verify';

const examples = join(__dirname, '..', '..', 'examples');
const names = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

it('are those that examples/README.md lists', () => {
  const index = readFileSync(join(examples, 'README.md'), 'utf8');
  for (const name of names) expect(index).toContain(`[${name}](${name}/)`);
});

describe.each(names)('%s', { timeout: 180_000 }, (name) => {
  const directory = join(examples, name);
  const file = ['fleet.yaml', 'fleet.ts'].map((base) => join(directory, base)).find(existsSync) ?? '';

  it('is a private package of its own, with a README', () => {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ private: true, dependencies: { stowage: 'file:../..' } });
    const readme = readFileSync(join(directory, 'README.md'), 'utf8');
    expect(readme).toMatch(/^# /);
    for (const [, link = ''] of readme.matchAll(/\]\((?!https?:)([^)]+)\)/g))
      expect(existsSync(join(directory, link)), `${name}: ${link}`).toBe(true);
  });

  it('plans within its budgets, and the checker agrees', () => {
    const fleet = loadFleet(file);
    const lockfile = join(directory, 'stowage.lock');
    const locked = existsSync(lockfile);
    const planned = planFleet(fleet, locked ? { lockfile, frozen: true } : {});
    expect(planned.plan.budgets.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(verifyPlan(fleet, JSON.parse(JSON.stringify(planned.plan)), planned.prior ?? undefined)).toMatchObject({
      ok: true,
    });
  });
});
