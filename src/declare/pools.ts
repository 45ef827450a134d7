import { byCodePoint, type Findings } from './findings';
import type { Accelerator, Pool } from './fleet';
import type { PoolInput } from './input';
import type { At } from './located';
import { parseBytes, parseCpuMillis, parseMicros, parseMillis } from './quantities';
import type { QuantityReader } from './quantity-reader';

/** Pods of a CPU-only node unless the pool says otherwise. */
const cpuPodsPerNode = 4;

/** `pools[i]` in base units. */
export function resolvePool(input: PoolInput, i: number, read: QuantityReader, findings: Findings, at: At): Pool {
  const accelerator = resolveAccelerator(input, i, read);
  const maxPods = input.maxPods ?? 110;
  const systemPods = input.systemPods ?? 10;
  const podsPerNode = podsOfNode(input, i, { accelerator, maxPods, systemPods }, findings, at);
  const price = read.read(parseMicros, input.pricePerNodeHour, 0, 'pools', i, 'pricePerNodeHour');
  if (input.maxNodes !== undefined && (input.minNodes ?? 0) > input.maxNodes) {
    findings.add(
      'STW1004',
      `minNodes ${input.minNodes} is above maxNodes ${input.maxNodes}`,
      at('pools', i, 'minNodes'),
    );
  }
  return {
    name: input.name,
    accelerator,
    nodeCpuMillis: read.read(parseCpuMillis, input.cpu, 0, 'pools', i, 'cpu'),
    nodeMemoryBytes: read.read(parseBytes, input.memory, 0, 'pools', i, 'memory'),
    nodeDiskBytes: read.read(parseBytes, input.disk, '200Gi', 'pools', i, 'disk'),
    maxPods,
    systemPods,
    ipsPerNode: input.ipsPerNode ?? null,
    podsPerNode,
    minNodes: input.minNodes ?? 0,
    maxNodes: input.maxNodes ?? null,
    nodePriceMicrosPerHour: price,
    podPriceMicrosPerHour: Math.round(price / podsPerNode),
    speedMilli: read.read(parseMillis, input.speed, 1, 'pools', i, 'speed'),
    zones: [...new Set(input.zones)].sort(byCodePoint),
    nodeSelector: input.nodeSelector ?? { 'stowage.dev/pool': input.name },
    tolerations: resolveTolerations(input, accelerator),
  };
}

function resolveAccelerator(input: PoolInput, i: number, read: QuantityReader): Accelerator | null {
  const given = input.accelerator;
  if (given === undefined) return null;
  const mig = given.mig ?? null;
  return {
    kind: given.kind,
    memoryBytes: read.read(parseBytes, given.memory, 0, 'pools', i, 'accelerator', 'memory'),
    perNode: given.perNode ?? 1,
    mig,
    // The device plugin's resource names drop the "+" of profiles such as 1g.10gb+me.
    resourceName: given.resourceName ?? (mig === null ? 'nvidia.com/gpu' : `nvidia.com/mig-${mig.replace('+', '.')}`),
  };
}

function podsOfNode(
  input: PoolInput,
  i: number,
  { accelerator, maxPods, systemPods }: Pick<Pool, 'accelerator' | 'maxPods' | 'systemPods'>,
  findings: Findings,
  at: At,
): number {
  const room = Math.min(
    maxPods - systemPods,
    input.ipsPerNode ?? Number.MAX_SAFE_INTEGER,
    accelerator?.perNode ?? Number.MAX_SAFE_INTEGER,
  );
  if (room < 1)
    findings.add(
      'STW1004',
      `a node of pool "${input.name}" has no room for a pod: maxPods ${maxPods}, systemPods ${systemPods}`,
      at('pools', i, 'maxPods'),
    );
  else if (input.podsPerNode !== undefined && input.podsPerNode > room)
    findings.add(
      'STW1004',
      `podsPerNode ${input.podsPerNode} is above the ${room} that accelerators, maxPods and ipsPerNode leave`,
      at('pools', i, 'podsPerNode'),
    );
  return Math.max(1, Math.min(room, input.podsPerNode ?? accelerator?.perNode ?? cpuPodsPerNode));
}

function resolveTolerations(input: PoolInput, accelerator: Accelerator | null): Pool['tolerations'] {
  const usual: NonNullable<PoolInput['tolerations']> =
    accelerator === null ? [] : [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }];
  return (input.tolerations ?? usual).map(({ key, operator, value, effect }) => ({
    ...(key === undefined ? {} : { key }),
    ...(operator === undefined ? {} : { operator }),
    ...(value === undefined ? {} : { value }),
    ...(effect === undefined ? {} : { effect }),
  }));
}
