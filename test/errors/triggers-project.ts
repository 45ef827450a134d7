import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import { planFleet, saveLock } from '../../src/project/plan-fleet';

const fleet = () =>
  defineFleet({
    name: 'small',
    pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
    models: [{ name: 'a', format: 'sklearn', storageUri: 's3://models/a', memory: '1Gi' }],
  });

function inDirectory(run: (directory: string) => unknown): unknown {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-trigger-'));
  try {
    return run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const triggers: Record<string, () => unknown> = {
  STW5101: () =>
    inDirectory((directory) => {
      writeFileSync(join(directory, 'stowage.lock'), Buffer.from([0xff, 0xfe, 0x00]));
      return planFleet(fleet(), { lockfile: join(directory, 'stowage.lock') });
    }),
  STW5102: () =>
    inDirectory((directory) => saveLock(planFleet(fleet(), { lockfile: join(directory, 'missing', 'stowage.lock') }))),
  STW5103: () =>
    inDirectory((directory) => planFleet(fleet(), { lockfile: join(directory, 'stowage.lock'), frozen: true })),
  STW5104: () => planFleet(fleet(), { update: ['default/none@1'] }),
};
