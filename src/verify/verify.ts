import type { Fleet } from '../declare/fleet';
import type { LockedPlacement } from '../pack/packing';
import { checkBaseline } from './check-baseline';
import { checkBound } from './check-bound';
import { checkChanges } from './check-changes';
import { checkBudgets, checkPools, checkSummary } from './check-figures';
import { checkShards } from './check-shards';
import { declaredOf } from './declared';
import { FindingLog } from './finding-log';
import { leastOf, readKept } from './on-demand';
import { field, isRecord, shown } from './reading';
import { usageOf } from './usage';
import type { Verification } from './verification';

/**
 * Derives everything that a plan states from the fleet and the placement alone, by code of its own, and compares. Trusts
 * nothing in `plan`: it may be any parsed JSON, and nothing in it makes this throw. Findings have paths such as
 * `shards[3].models[2]`; past 100 they are only counted. Notes (reasons of moves, warnings) are not derived.
 * @param prior the lockfile that the plan was made against, where there was one
 */
export function verifyPlan(fleet: Fleet, plan: unknown, prior?: LockedPlacement): Verification {
  const log = new FindingLog();
  const declared = declaredOf(fleet);
  const listed = field(plan, 'shards');
  const checked = {
    models: fleet.models.length,
    shards: Array.isArray(listed) ? listed.length : 0,
    classes: declared.classes.length,
  };
  if (checkHead(fleet, plan, log)) {
    const kept = readKept(declared, field(plan, 'onDemand'), log);
    const placement = checkShards(declared, listed, kept, log);
    const usage = placement === null ? null : usageOf(declared, placement);
    // Figures of a placement that cannot be read would only repeat what is already found.
    if (placement !== null && usage !== null) {
      checkSummary(declared, field(plan, 'summary'), usage, placement.shards.length, log);
      checkPools(field(plan, 'pools'), usage, log);
      const moves = checkChanges(declared, field(plan, 'changes'), placement, prior, log);
      checkBudgets(declared, field(plan, 'budgets'), usage, moves, log);
    }
    checkBaseline(declared, field(plan, 'baseline'), log);
    const classes = declared.classes.map((one) => leastOf(fleet, one, kept.get(one)));
    checkBound({ ...declared, classes }, field(plan, 'bound'), usage, log);
    if (!Array.isArray(field(plan, 'warnings'))) log.add('STW2106', 'warnings', 'warnings must be a list');
  }
  return { ok: log.count === 0, findings: log.findings(), checked };
}

/** Is it a plan of a version that this code knows, and of this fleet? */
function checkHead(fleet: Fleet, plan: unknown, log: FindingLog): boolean {
  const version = field(plan, 'formatVersion');
  if (!isRecord(plan) || typeof version !== 'string' || !/^1\.[0-9]{1,9}$/.test(version)) {
    log.add('STW2106', 'formatVersion', `a plan of format version 1.x is needed, not ${shown(version ?? plan)}`);
    return false;
  }
  const stated = field(plan, 'fleet');
  for (const name of ['name', 'namespace'] as const)
    if (field(stated, name) !== fleet[name])
      log.add(
        'STW2101',
        `fleet.${name}`,
        `the plan is of ${shown(field(stated, name))}, the fleet's ${name} is ${shown(fleet[name])}`,
      );
  return true;
}
