import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { volumeBound } from '../../src/pack/bound';
import { pack } from '../../src/pack/pack';
import { checkDualBound } from '../../src/verify/dual-bound';
import { antiCorrelated, type Instance, quarterToHalf, realistic, triplets, uniform } from './instances';
import { packBy, policies } from './policies';

/**
 * Packs every instance by Stowage and by the policies in one run and prints a Markdown table (`--out FILE` writes it).
 * `--small` leaves the large ones out. Ends with 1 where a policy is cheaper than Stowage or a bound does not check.
 */
const small = process.argv.includes('--small');
const out = process.argv[process.argv.indexOf('--out') + 1];

function* instances(): Generator<Instance> {
  for (const size of small ? [1000] : [1000, 10_000]) {
    for (let seed = 1; seed <= (small ? 2 : 5); seed++) yield realistic(size, seed, true);
    yield realistic(size, 1, false);
  }
  if (!small) yield realistic(100_000, 1, true);
  for (const size of small ? [120] : [120, 1000]) {
    yield uniform(size, 1);
    yield triplets(size, 1);
    yield quarterToHalf(size, 1);
    yield antiCorrelated(size, 1);
  }
}

const rows: string[][] = [];
let failed = false;
for (const { name, fleet } of instances()) {
  const start = process.cpuUsage();
  const packing = pack({ fleet });
  const seconds = secondsSince(start);
  const prices = new Map(fleet.pools.map((pool) => [pool.name, pool.podPriceMicrosPerHour]));
  const cost = packing.shards.reduce((sum, shard) => sum + shard.replicas * (prices.get(shard.pool) ?? 0), 0);
  const { bound } = packing;
  const add = (how: string, pods: number, micros: number, time: number | null) =>
    rows.push([
      name,
      how,
      (micros / 1e6).toFixed(2),
      String(pods),
      `${((micros / bound.podCostMicrosPerHour - 1) * 100).toFixed(2)}%`,
      time === null ? '' : time.toFixed(2),
    ]);
  const volume = volumeBound(fleet);
  add('bound by volume in one dimension', volume.pods, volume.podCostMicrosPerHour, null);
  add('proven lower bound, any layout', bound.pods, bound.podCostMicrosPerHour, null);
  add(
    '**Stowage**',
    packing.shards.reduce((sum, shard) => sum + shard.replicas, 0),
    cost,
    seconds,
  );
  const findings = checkDualBound(fleet, bound);
  if (findings.length > 0) fail(`${name}: ${findings[0]?.message}`);
  for (const policy of policies) {
    const begin = process.cpuUsage();
    const packed = packBy(policy, fleet);
    add(policy.name, packed.pods, packed.podCostMicrosPerHour, secondsSince(begin));
    if (packed.podCostMicrosPerHour < cost) fail(`${name}: ${policy.name} is cheaper than Stowage`);
  }
  console.error(`${name}: done`);
}

const head = ['instance', 'how', '$/h of pods', 'pods', 'above the bound', 'CPU seconds'];
const text = [
  `Written by \`npm run bench:pack\`. Node ${process.version}, ${availableParallelism()} cores. The policies are simplified ones of ours`,
  '(bench/pack/policies.ts), held to shards of equal replicas as Stowage is, and not the code of the projects that they are named',
  'after. Seconds are of packing and bound.',
  '',
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
  '',
].join('\n');
if (process.argv.includes('--out') && out !== undefined) writeFileSync(out, text);
else console.log(text);
process.exitCode = failed ? 1 : 0;

function fail(message: string): void {
  failed = true;
  console.error(message);
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
