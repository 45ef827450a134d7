import type { Dimension } from '../declare/capacity';
import type { Pool } from '../declare/fleet';
import { sumClasses } from './class-sums';
import type { CheckedClass, Declared } from './declared';
import { checkDualCertificate } from './dual-bound';
import { type Amounts, ceilDiv, dimensionNames, greater, hostMemory, lesser, roomOfPod, roundDiv } from './exact';
import type { FindingLog } from './finding-log';
import { field, shown } from './reading';
import type { Usage } from './usage';

interface Proven {
  readonly pods: bigint;
  readonly cost: bigint;
}

/**
 * The bound, class by class: the argument that the certificate names must prove at least what it states. A weaker
 * statement passes, a stronger one does not. The sums must be those of the classes, each named once.
 */
export function checkBound(declared: Declared, bound: unknown, usage: Usage | null, log: FindingLog): void {
  const path = 'bound.certificate';
  const certificate = field(bound, 'certificate');
  if (field(certificate, 'method') === 'dual') {
    const stated = checkDualCertificate(declared, certificate, path, log);
    if (stated !== null && usage !== null) checkGaps(bound, usage, stated.pods, stated.cost, log);
    return;
  }
  const listed = field(certificate, 'classes');
  if (field(certificate, 'method') !== 'volume' || !Array.isArray(listed)) {
    log.add('STW2105', path, `the certificate must be of the method "dual" or "volume" with a list of classes`);
    return;
  }
  const sums = sumClasses(
    declared,
    listed,
    path,
    (sharing, entry, where) => checkClass(declared, sharing, entry, where, log),
    log,
  );
  if (sums === null) return;
  const { pods, cost } = sums;
  const statedPods = field(certificate, 'pods');
  const statedCost = field(certificate, 'podCostMicrosPerHour');
  if (statedPods !== Number(pods))
    log.add('STW2105', `${path}.pods`, `the classes add up to ${pods} pods, not ${shown(statedPods)}`);
  if (statedCost !== Number(cost))
    log.add(
      'STW2105',
      `${path}.podCostMicrosPerHour`,
      `the classes add up to a cost of ${cost}, not ${shown(statedCost)}`,
    );
  if (usage !== null) checkGaps(bound, usage, pods, cost, log);
}

function checkClass(
  declared: Declared,
  sharing: CheckedClass,
  entry: unknown,
  where: string,
  log: FindingLog,
): Proven | null {
  log.figure(`${where}.models`, field(entry, 'models'), sharing.models.length);
  const pods = field(entry, 'pods');
  const cost = field(entry, 'podCostMicrosPerHour');
  const podsBy = argument(field(entry, 'podsBy'));
  const costBy = argument(field(entry, 'costBy'));
  if (!isCount(pods) || !isCount(cost) || podsBy === null || costBy === null) {
    log.add('STW2105', where, 'a class states whole numbers of pods and cost, and an argument for each');
    return null;
  }
  const podsProven = prove(declared, sharing, podsBy);
  const costProven = costBy === podsBy ? podsProven : prove(declared, sharing, costBy);
  if (BigInt(pods) > podsProven.pods)
    log.add('STW2105', `${where}.pods`, `${podsBy} proves ${podsProven.pods} pods, not ${pods}`);
  if (BigInt(cost) > costProven.cost)
    log.add('STW2105', `${where}.podCostMicrosPerHour`, `${costBy} proves a cost of ${costProven.cost}, not ${cost}`);
  return { pods: BigInt(pods), cost: BigInt(cost) };
}

/** How far the plan is above the bound; a plan below it would refute the bound. */
function checkGaps(bound: unknown, usage: Usage, pods: bigint, cost: bigint, log: FindingLog): void {
  const actual = [
    ['podsGapMicro', usage.shardPods, pods],
    ['costGapMicro', usage.podCostMicrosPerHour, cost],
  ] as const;
  for (const [name, used, least] of actual) {
    if (least > used)
      log.add('STW2105', `bound.${name}`, `the bound of ${least} is above the ${used} that the plan takes`);
    const gap = least === 0n ? 0n : roundDiv((used - least) * 1_000_000n, least);
    log.figure(`bound.${name}`, field(bound, name), Number(gap));
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function argument(value: unknown): Dimension | 'replicas' | null {
  if (value === 'replicas') return value;
  return dimensionNames.find((name) => name === value) ?? null;
}

/**
 * What one argument proves for a class. `replicas`: the model with the most copies needs as many pods. A dimension: were
 * the share x of all its demand on a pool, that pool needs x * demand / room pods; shares add up to 1, so all pools
 * together need at least the least of demand / room, and in cost the least of price * demand / room. Pods cost at least
 * the cheapest pool's price.
 */
function prove(declared: Declared, sharing: CheckedClass, by: Dimension | 'replicas'): Proven {
  const cheapest = sharing.pools.map((pool) => BigInt(pool.podPriceMicrosPerHour)).reduce(lesser);
  let pods = 0n;
  let cost = 0n;
  if (by === 'replicas') {
    for (const model of sharing.models) if (BigInt(model.replicas) > pods) pods = BigInt(model.replicas);
  } else {
    const perPool = sharing.pools.flatMap((pool) => {
      const room = roomOfPod(declared.fleet, pool, sharing.runtime, sharing.base);
      return needOn(sharing, pool, room, by) ?? [];
    });
    if (perPool.length > 0) {
      pods = perPool.map((need) => need.pods).reduce(lesser);
      cost = perPool.map((need) => need.cost).reduce(lesser);
    }
  }
  return { pods, cost: greater(cost, pods * cheapest) };
}

/** Pods and cost of the class's whole demand on one pool; null where a pod has no room, so that none of it can be there. */
function needOn(sharing: CheckedClass, pool: Pool, room: Amounts, by: Dimension): Proven | null {
  const load = by === 'microDuty' || by === 'cpuMillis';
  const accelerated = pool.accelerator !== null;
  const free = (by === 'acceleratorMemoryBytes' || by === 'microDuty') && !accelerated;
  if (free) return { pods: 0n, cost: 0n };
  const demand = demandOf(sharing, by);
  if (demand === 0n) return { pods: 0n, cost: 0n };
  if (room[by] <= 0) return null;
  // A pool of speed s carries s/1000 of stated load in a pod's share; CPU beside an accelerator is not scaled.
  const scaled = load && (by === 'microDuty' || !accelerated);
  const capacity = BigInt(room[by]) * (scaled ? BigInt(pool.speedMilli) : 1000n);
  const wanted = demand * 1000n;
  return {
    pods: ceilDiv(wanted, capacity),
    cost: ceilDiv(wanted * BigInt(pool.podPriceMicrosPerHour), capacity),
  };
}

/** Load is shared by copies; all else is taken by each copy. */
function demandOf(sharing: CheckedClass, by: Dimension): bigint {
  let total = 0n;
  for (const model of sharing.models) {
    const copies = BigInt(model.replicas);
    if (by === 'microDuty') total += BigInt(model.load.microDuty);
    else if (by === 'cpuMillis') total += BigInt(model.load.cpuMillis);
    else if (by === 'acceleratorMemoryBytes') total += copies * BigInt(model.footprint.acceleratorMemoryBytes);
    else if (by === 'memoryBytes') total += copies * BigInt(hostMemory(model, sharing.runtime));
    else if (by === 'diskBytes') total += copies * BigInt(model.footprint.diskBytes);
    else total += copies;
  }
  return total;
}
