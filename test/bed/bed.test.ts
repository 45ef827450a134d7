import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { Bed, NoBed, type UseBed } from './bed';
import { exampleSuite } from './suites/example';
import { manifestsSuite } from './suites/manifests';
import { providerSuite } from './suites/provider';
import { rolloutSuite } from './suites/rollout';

/**
 * Everything that needs the bed is in this one file, one after the other: vitest runs files side by side, and one
 * control plane a machine is enough. Where a machine cannot have a bed the tests are skipped, and say why.
 */
const minutes = 60_000;
vi.setConfig({ testTimeout: 10 * minutes, hookTimeout: 5 * minutes });

let bed: Bed | null = null;
let lacking = '';

beforeAll(async () => {
  try {
    bed = await Bed.start();
  } catch (error) {
    if (!(error instanceof NoBed)) throw error;
    lacking = error.message;
    console.warn(`skipped: ${lacking}`);
  }
}, 60 * minutes);
afterAll(() => bed?.stop(), 2 * minutes);
beforeEach((context) => context.skip(lacking !== '', lacking));

const using: UseBed = {
  bed: () => {
    if (bed === null) throw new NoBed(lacking);
    return bed;
  },
  // Hooks run for skipped tests, too.
  beforeAll: (prepare) =>
    beforeAll(async () => {
      if (bed !== null) await prepare();
    }),
};

providerSuite(using);
manifestsSuite(using);
exampleSuite(using);
rolloutSuite(using);
