import type { Fleet, Model } from '../../src/declare/fleet';
import { loadFleet } from '../../src/declare/load-fleet';
import { pack } from '../../src/pack/pack';
import type { Packing } from '../../src/pack/packing';
import { realistic } from './instances';

/**
 * Replica layouts side by side: shards of equal replicas, as Stowage renders them, against copies on any different pods
 * (each copy a model of its own that never meets the others, with its part of the load). Fleet files may be given;
 * without, the generated catalogues. Figures for docs/decisions/0010.
 */
const files = process.argv.slice(2);
const fleets =
  files.length > 0
    ? files.map((file) => ({ name: file.split('/').at(-1) ?? file, fleet: loadFleet(file) }))
    : [1000, 10_000].flatMap((size) => [1, 2, 3].map((seed) => realistic(size, seed, true)));

console.log('| fleet | bound, any layout | equal replicas | above | copies | above | replica sets used |');
console.log('|---|---|---|---|---|---|---|');
for (const { name, fleet } of fleets) {
  const equal = pack({ fleet });
  const spread = pack({ fleet: inCopies(fleet) });
  const bound = equal.bound.podCostMicrosPerHour;
  const cells = [equal, spread].flatMap((packing) => {
    const cost = costOf(fleet, packing);
    return [(cost / 1e6).toFixed(2), `${((cost / bound - 1) * 100).toFixed(2)}%`];
  });
  console.log(`| ${name} | ${(bound / 1e6).toFixed(2)} | ${cells.join(' | ')} | ${replicaSets(spread)} |`);
}

function inCopies(fleet: Fleet): Fleet {
  const models = fleet.models.flatMap((model): Model[] => {
    if (model.replicas === 1) return [model];
    const label = `stowage-copy=${model.key}`;
    return Array.from({ length: model.replicas }, (_, copy) => ({
      ...model,
      key: `${model.key}#${copy}`,
      replicas: 1,
      load: {
        ...model.load,
        microDuty: Math.ceil(model.load.microDuty / model.replicas),
        cpuMillis: Math.ceil(model.load.cpuMillis / model.replicas),
      },
      labels: { ...model.labels, 'stowage-copy': model.key },
      neverWith: [...model.neverWith, label],
    }));
  });
  return { ...fleet, models: models.sort((a, b) => (a.key < b.key ? -1 : 1)) };
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
      const model = key.replace(/#\d+$/, '');
      const own = homes.get(model);
      if (own === undefined) homes.set(model, [shard.id]);
      else own.push(shard.id);
    }
  return new Set([...homes.values()].map((shards) => [...new Set(shards)].sort().join())).size;
}
