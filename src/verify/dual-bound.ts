import type { Fleet } from '../declare/fleet';
import type { Diagnostic } from '../errors/stowage-error';
import { BoundClass } from './bound-class';
import { sumClasses } from './class-sums';
import { costsAtLeast, type Requirement } from './cover';
import { type CheckedClass, type Declared, declaredOf } from './declared';
import { readWeighting } from './dual-weighting';
import { FindingLog } from './finding-log';
import { field, shown } from './reading';

/** A class may have no more weightings than this. */
const mostWeightings = 64;

interface Stated {
  readonly pods: bigint;
  readonly cost: bigint;
}

/**
 * Checks a `dual` certificate from the fleet alone: every weight is whole and not negative, what it says of pods and
 * models is what the declaration gives, and the two figures of each class follow. Trusts nothing in `certificate`.
 */
export function checkDualBound(fleet: Fleet, certificate: unknown): Diagnostic[] {
  const log = new FindingLog();
  checkDualCertificate(declaredOf(fleet), certificate, 'bound.certificate', log);
  return [...log.findings()];
}

/** The same within a plan; gives the sums of the classes, null where they cannot be read. */
export function checkDualCertificate(
  declared: Declared,
  certificate: unknown,
  path: string,
  log: FindingLog,
): Stated | null {
  const listed = field(certificate, 'classes');
  if (field(certificate, 'method') !== 'dual' || !Array.isArray(listed)) {
    log.add('STW2105', path, 'the certificate must be of the method "dual" with a list of classes');
    return null;
  }
  const summed = sumClasses(
    declared,
    listed,
    path,
    (sharing, entry, where) => checkClass(declared, sharing, entry, where, log),
    log,
  );
  if (summed === null || summed.missing) return null;
  const { pods, cost } = summed;
  const sums = [
    ['pods', pods],
    ['podCostMicrosPerHour', cost],
  ] as const;
  for (const [name, sum] of sums)
    if (field(certificate, name) !== Number(sum))
      log.add('STW2105', `${path}.${name}`, `the classes add up to ${sum}, not ${shown(field(certificate, name))}`);
  return { pods, cost };
}

function checkClass(
  declared: Declared,
  sharing: CheckedClass,
  entry: unknown,
  where: string,
  log: FindingLog,
): Stated | null {
  log.figure(`${where}.models`, field(entry, 'models'), sharing.models.length);
  const pods = field(entry, 'pods');
  const cost = field(entry, 'podCostMicrosPerHour');
  const weightings = field(entry, 'weightings');
  if (!isCount(pods) || !isCount(cost) || !Array.isArray(weightings) || weightings.length > mostWeightings) {
    log.add('STW2105', where, 'a class states whole numbers of pods and cost, and a list of weightings');
    return null;
  }
  for (const name of ['podsBy', 'costBy'] as const) {
    const by = field(entry, name);
    if (by !== 'weights' && by !== 'replicas')
      log.add('STW2105', `${where}.${name}`, `is ${shown(by)}, not "weights" or "replicas"`);
  }
  const bounds = new BoundClass(declared, sharing);
  const rows = replicaRows(bounds);
  const seen = new Set<string>();
  weightings.forEach((value: unknown, index) => {
    const spelled = JSON.stringify(value);
    if (seen.has(spelled)) log.add('STW2105', `${where}.weightings[${index}]`, 'the same weighting stands here twice');
    seen.add(spelled);
    const row = checkWeighting(bounds, value, `${where}.weightings[${index}]`, log);
    if (row !== null) rows.push(row);
  });
  const price = sharing.pools.map((pool) => BigInt(pool.podPriceMicrosPerHour));
  if (!proven(price, rows, BigInt(cost)))
    log.add('STW2105', `${where}.podCostMicrosPerHour`, `the weights do not prove a cost of ${cost}`);
  if (
    !proven(
      price.map(() => 1n),
      rows,
      BigInt(pods),
    )
  )
    log.add('STW2105', `${where}.pods`, `the weights do not prove ${pods} pods`);
  return { pods: BigInt(pods), cost: BigInt(cost) };
}

/** Cheap pools first: the search for a cheaper cover is then shortest. */
function proven(price: readonly bigint[], rows: readonly Requirement[], claim: bigint): boolean {
  const order = price.map((_, p) => p).sort((a, b) => Number((price[a] as bigint) - (price[b] as bigint)) || a - b);
  return costsAtLeast(
    order.map((p) => price[p] as bigint),
    rows.map((row) => ({ by: order.map((p) => row.by[p] as bigint), need: row.need })),
    claim,
  );
}

/** A model of k copies needs k pods of the pools that hold it. */
function replicaRows(bounds: BoundClass): Requirement[] {
  const most = new Map<string, { readonly by: readonly bigint[]; need: number }>();
  bounds.copies.forEach((need, i) => {
    if (need === 0) return;
    const holders = bounds.holders(i);
    const key = holders.join('');
    const known = most.get(key);
    if (known === undefined) most.set(key, { by: Array.from(holders, BigInt), need });
    else if (need > known.need) known.need = need;
  });
  return [...most.values()].map(({ by, need }) => ({ by, need: BigInt(need) }));
}

function checkWeighting(bounds: BoundClass, value: unknown, where: string, log: FindingLog): Requirement | null {
  const weighting = readWeighting(bounds.sharing, value);
  if (typeof weighting === 'string') {
    log.add('STW2105', where, `the weighting ${weighting}`);
    return null;
  }
  let sound = true;
  bounds.sharing.pools.forEach((pool, p) => {
    const full = bounds.worthOfPod(p, weighting);
    if (full === weighting.full[p]) return;
    sound = false;
    log.add('STW2105', where, `a full pod of ${pool.name} is worth ${shown(full)}, not ${weighting.full[p]}`);
  });
  const { steps } = weighting;
  if (steps !== null) {
    // On the pools that measure the size at all; the others give every model a size of 0.
    const starts = bounds.sharing.pools.some((_, p) =>
      bounds.inSteps(p, steps).least.every((size, j) => size === steps.from[j]),
    );
    if (!starts) {
      sound = false;
      log.add('STW2105', where, 'a step does not start at the size of a model');
    }
  }
  const worth = bounds.worthOfModels(weighting);
  if (worth !== weighting.value) {
    sound = false;
    log.add('STW2105', where, `the models are worth ${worth}, not ${weighting.value}`);
  }
  return sound ? { by: weighting.full.map(BigInt), need: BigInt(weighting.value) } : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
