import { join } from 'node:path';
import { defineFleet } from '../../src/declare/define-fleet';
import { pack } from '../../src/pack/pack';
import { lockOf } from '../../src/plan/lockfile';
import { makePlan } from '../../src/plan/make-plan';
import { transitionOf } from '../../src/plan/transition';
import { repackFleet } from '../../src/project/repack-fleet';
import { verifyTransition } from '../../src/verify/check-transition';

const fleet = defineFleet({
  name: 'small',
  pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }],
  models: ['a', 'b'].map((name) => ({ name, format: 'sklearn', storageUri: `s3://models/${name}`, memory: '1Gi' })),
});

function checked(change: (transition: ReturnType<typeof transitionOf>) => unknown) {
  const packing = pack({ fleet });
  const prior = { ...lockOf(fleet, packing), models: [] };
  const plan = makePlan(fleet, packing, prior);
  return verifyTransition(fleet, prior, plan, change(transitionOf(fleet, prior, plan))).findings;
}

export const triggers: Record<string, () => unknown> = {
  STW2120: () => checked((transition) => ({ ...transition, waves: [] })),
  STW2121: () => checked(() => ({})),
  STW5107: () => repackFleet(fleet, { lockfile: join(__dirname, 'no-such.lock') }),
};
