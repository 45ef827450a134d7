import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defineFleet, isFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { loadFleet } from '../../src/declare/load-fleet';
import { type PlannedFleet, planFleet } from '../../src/project/plan-fleet';

/**
 * `auto`: frozen where `CI` is set and the lockfile exists; else a plan that differs is accepted.
 * `frozen`: a lockfile that is absent or not current is an error. `off`: none is read or written.
 */
export type LockMode = 'auto' | 'frozen' | 'off';

/** A fleet as the skins take it, and where its lockfile is. */
export interface PlanSource {
  readonly fleet: FleetInput | Fleet | string;
  readonly lockfile?: string | false | undefined;
  readonly lock?: LockMode | undefined;
}

/** Declares or loads the fleet, reads its lockfile and plans. @throws StowageError */
export function planSource(source: PlanSource): PlannedFleet {
  const { fleet } = source;
  const file = typeof fleet === 'string' ? resolve(fleet) : null;
  const declared = file !== null ? loadFleet(file) : isFleet(fleet) ? fleet : defineFleet(fleet as FleetInput);
  const lockfile = lockfileOf(source, file);
  return planFleet(declared, { lockfile, frozen: lockfile !== null && isFrozen(source.lock ?? 'auto', lockfile) });
}

/** `stowage.lock` beside the fleet's file, or in the current directory, unless given. */
function lockfileOf(source: PlanSource, file: string | null): string | null {
  if (source.lock === 'off' || source.lockfile === false) return null;
  return resolve(source.lockfile ?? join(file === null ? '.' : dirname(file), 'stowage.lock'));
}

function isFrozen(mode: LockMode, lockfile: string): boolean {
  if (mode === 'frozen') return true;
  const ci = process.env.CI ?? '';
  return mode === 'auto' && !['', '0', 'false'].includes(ci.toLowerCase()) && existsSync(lockfile);
}
