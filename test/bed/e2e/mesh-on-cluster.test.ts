import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { defaultPartsDirectory } from '../../../src/local/parts';
import { isAlive } from '../../local/support';
import { NoBed } from '../bed';
import { Cluster } from './cluster';
import { sizes } from './size';
import { tenantsSuite } from './suites/tenants';
import { wholeMeshSuite } from './suites/whole-mesh';
import type { UseCluster } from './use-cluster';

/**
 * The whole of it on real parts: what `stowage synth` writes, applied by kubectl, scheduled by the real scheduler, run
 * by the node agent of the bed; asked by clients that others wrote, and under load while parts move, restart and die.
 * One fleet after the other, on one cluster.
 */
const minutes = 60_000;
vi.setConfig({ testTimeout: 10 * minutes, hookTimeout: 5 * minutes });

const lackingParts = ['envoy/bin/envoy', 'mlserver/bin/mlserver'].filter(
  (path) => !existsSync(join(defaultPartsDirectory(), path)),
);
let lacking = lackingParts.length === 0 ? '' : `not installed: ${lackingParts.join(', ')} (scripts/mesh-parts.sh)`;
let cluster: Cluster | null = null;
const told: string[] = [];

beforeAll(async () => {
  try {
    if (lacking === '') cluster = await Cluster.start();
  } catch (error) {
    if (!(error instanceof NoBed)) throw error;
    lacking = error.message;
  }
  if (lacking !== '') console.warn(`skipped: ${lacking}`);
}, 60 * minutes);
afterAll(async () => {
  const pids = cluster?.pids ?? [];
  await cluster?.stop();
  if (pids.some(isAlive)) throw new Error(`left alive: ${pids.filter(isAlive).join(', ')}`);
  if (told.length > 0) console.info(told.join('\n'));
}, 2 * minutes);
beforeEach((context) => context.skip(lacking !== '', lacking));

const using: UseCluster = {
  cluster: () => {
    if (cluster === null) throw new NoBed(lacking);
    return cluster;
  },
  // Hooks run for skipped tests, too.
  beforeAll: (prepare) =>
    beforeAll(async () => {
      if (cluster !== null) await prepare();
    }, 5 * minutes),
  tell: (text) => void told.push(text),
};

for (const size of sizes) wholeMeshSuite(using, size);
tenantsSuite(using);
