import type { Fleet, Model } from '../../src/declare/fleet';
import { loadFleet } from '../../src/declare/load-fleet';
import { classContext } from '../../src/pack/class-context';
import { pack } from '../../src/pack/pack';
import type { Packing } from '../../src/pack/packing';
import { sharingClasses } from '../../src/pack/sharing';
import { inCopies } from './copies';
import { realistic } from './instances';
import { originalOf, packBy, policies } from './policies';

/**
 * Replica layouts side by side: shards of equal replicas, as Stowage renders them, against copies on any different pods
 * (each copy a model of its own that never meets the others, with its part of the load), and against the same with small
 * models of equal copies bundled, so that fewer sets of pods are in use. Fleet files may be given; without, the generated
 * catalogues. Figures for docs/decisions/0010.
 */
const files = process.argv.slice(2);
const fleets =
  files.length > 0
    ? files.map((file) => ({ name: file.split('/').at(-1) ?? file, fleet: loadFleet(file) }))
    : [1000, 10_000].flatMap((size) => [1, 2, 3].map((seed) => realistic(size, seed, { isolated: true })));

const head = ['fleet', 'bound, any layout', 'equal', 'above', 'copies', 'above', 'sets', 'bundled', 'above', 'sets'];
console.log(`| ${head.join(' | ')} | best simple policy, copies |`);
console.log(`|${head.map(() => '---').join('|')}|---|`);
for (const { name, fleet } of fleets) {
  const equal = pack({ fleet });
  const bound = equal.bound.podCostMicrosPerHour;
  const cells = (packing: Packing): string[] => {
    const cost = costOf(fleet, packing);
    return [(cost / 1e6).toFixed(2), `${((cost / bound - 1) * 100).toFixed(2)}%`];
  };
  const spread = pack({ fleet: inCopies(fleet) });
  const bundled = pack({ fleet: inCopies(bundles(fleet)) });
  const row = [
    name,
    (bound / 1e6).toFixed(2),
    ...cells(equal),
    ...[spread, bundled].flatMap((packing) => [...cells(packing), String(replicaSets(packing))]),
  ];
  const [policy] = policies
    .map(({ name, ...rest }) => ({ name, cost: packBy({ name, ...rest }, inCopies(fleet)).podCostMicrosPerHour }))
    .sort((a, b) => a.cost - b.cost);
  row.push(`${((policy?.cost ?? 0) / 1e6).toFixed(2)} (${policy?.name})`);
  console.log(`| ${row.join(' | ')} |`);
}

/** Models of two copies or more that may share, are as many and are small, become one model. The cap on models is not kept. */
function bundles(fleet: Fleet): Fleet {
  const most = { bytes: 4 * 2 ** 30, dutyEach: 100_000, cpuEach: 300 };
  const models: Model[] = [];
  for (const sharing of sharingClasses(fleet)) {
    const { runtime } = classContext(fleet, sharing);
    const overhead = runtime.perModelMemoryBytes + runtime.sharedMemory.perModelBytes;
    const open = new Map<number, Model>();
    for (const model of sharing.models) {
      if (model.replicas === 1) {
        models.push(model);
        continue;
      }
      const before = open.get(model.replicas);
      const joined = before === undefined ? model : joinModels(before, model, overhead);
      const { footprint, load, replicas } = joined;
      const small =
        Math.max(footprint.acceleratorMemoryBytes, footprint.memoryBytes) <= most.bytes &&
        load.microDuty <= most.dutyEach * replicas &&
        load.cpuMillis <= most.cpuEach * replicas;
      if (small) open.set(replicas, joined);
      else {
        if (before !== undefined) models.push(before);
        open.set(replicas, model);
      }
    }
    models.push(...open.values());
  }
  return { ...fleet, models: models.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

function joinModels(a: Model, b: Model, overhead: number): Model {
  return {
    ...a,
    footprint: {
      ...a.footprint,
      acceleratorMemoryBytes: a.footprint.acceleratorMemoryBytes + b.footprint.acceleratorMemoryBytes,
      memoryBytes: a.footprint.memoryBytes + b.footprint.memoryBytes + overhead,
      diskBytes: a.footprint.diskBytes + b.footprint.diskBytes,
    },
    load: {
      requestsPerSecondMilli: a.load.requestsPerSecondMilli + b.load.requestsPerSecondMilli,
      requestsPerSecondMicro: a.load.requestsPerSecondMicro + b.load.requestsPerSecondMicro,
      microDuty: a.load.microDuty + b.load.microDuty,
      cpuMillis: a.load.cpuMillis + b.load.cpuMillis,
    },
  };
}

function costOf(fleet: Fleet, packing: Packing): number {
  const prices = new Map(fleet.pools.map((pool) => [pool.name, pool.podPriceMicrosPerHour]));
  return packing.shards.reduce((sum, shard) => sum + shard.replicas * (prices.get(shard.pool) ?? 0), 0);
}

/** Different sets of shards that hold some model together. */
function replicaSets(packing: Packing): number {
  const homes = new Map<string, string[]>();
  for (const shard of packing.shards)
    for (const key of shard.models) {
      const model = originalOf(key);
      const own = homes.get(model);
      if (own === undefined) homes.set(model, [shard.id]);
      else own.push(shard.id);
    }
  return new Set([...homes.values()].map((shards) => [...new Set(shards)].sort().join())).size;
}
