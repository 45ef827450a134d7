import { afterEach, describe, expect, test } from 'vitest';
import { defineFleet } from '../../../src/declare/define-fleet';
import { pack } from '../../../src/pack/pack';
import { makePlan } from '../../../src/plan/make-plan';
import { rolloutRoom } from '../../../src/plan/rollout-room';
import { renderFleet } from '../../../src/render/render';
import { toYaml } from '../../../src/render/yaml';
import type { Bed, LivePod, UseBed } from '../bed';
import { eventually } from '../commands';
import { generalNode, poolNodes } from '../nodes';
import { PodWatch } from '../pod-watch';

const namespace = 'rolling';
const shardCount = 5;

/** Five models of two copies, two models a pod, so that each shard shares models with two others; one pod to spare. */
function chained(image: string) {
  const fleet = defineFleet({
    name: 'rolling',
    namespace,
    pools: [
      { name: 'l4', accelerator: { kind: 'L4', memory: '23034Mi', perNode: 2 }, cpu: 16, memory: '64Gi', maxNodes: 3 },
    ],
    runtimes: [{ name: 'engine', extends: 'triton', image }],
    models: Array.from({ length: shardCount }, (_, i) => ({
      name: `m${i}`,
      format: 'onnx',
      runtime: 'engine',
      storageUri: `s3://models/m${i}`,
      gpuMemory: '8Gi',
      memory: '1Gi',
      replicas: 2,
    })),
    mesh: { router: { replicas: 1, maxReplicas: 1 } },
  });
  const packing = pack({ fleet });
  const [like] = packing.shards;
  if (like === undefined) throw new Error('no shard');
  const keys = fleet.models.map(({ key }) => key);
  const shards = keys.map((key, i) => ({
    ...like,
    id: `sh${i}`,
    replicas: 1,
    models: [key, keys[(i + 1) % shardCount] as string].sort(),
  }));
  const plan = makePlan(fleet, { ...packing, shards });
  return { fleet, plan, manifests: toYaml(renderFleet(fleet, plan)) };
}

/** One-pod shards on the real Deployment controller, scheduler, disruption controller and eviction API. */
export function rolloutSuite({ bed: theBed }: UseBed): void {
  describe('copies in one-pod shards', () => {
    let watch: PodWatch | null = null;
    afterEach(() => watch?.stop());

    test('no rollout takes a copy, none goes on without a spare pod, and drains take one at a time', async () => {
      const bed = theBed();
      const { fleet, plan, manifests } = chained('registry.example.org/engine:1');
      expect(rolloutRoom(fleet, plan)).toMatchObject([{ shards: shardCount, sparePods: 1 }]);
      await bed.setNodes([generalNode(), ...fleet.pools.flatMap((pool) => poolNodes(pool, 3))]);
      await bed.createRestrictedNamespace(namespace);
      await apply(bed, manifests);
      await rolledOut(bed);
      watch = await PodWatch.start(bed, namespace, 'app.kubernetes.io/component=shard');
      const seen = watch;
      await eventually(60_000, async () => expect(seen.shardsUp()).toHaveLength(shardCount));

      // Every shard at once, one pod to spare: each waits for its turn.
      seen.mark();
      await apply(bed, chained('registry.example.org/engine:2').manifests);
      await rolledOut(bed);
      expect(seen.fewestShardsUp).toBe(shardCount);
      expect(await images(bed)).toEqual(Array(shardCount).fill('registry.example.org/engine:2'));

      // None to spare: nothing goes down, however long it takes.
      await bed.kubectl(['create', '--filename', '-'], JSON.stringify(squatter));
      await bed.kubectl(['wait', '--for=condition=Ready', 'pod/squatter', '--namespace=default', '--timeout=60s']);
      seen.mark();
      await apply(bed, chained('registry.example.org/engine:3').manifests);
      await eventually(60_000, async () => expect(seen.pending()).toBe(shardCount));
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      expect(seen.pending()).toBe(shardCount);
      expect(seen.fewestShardsUp).toBe(shardCount);
      await bed.kubectl(['delete', 'pod/squatter', '--namespace=default', '--wait=true']);
      await rolledOut(bed);
      expect(seen.fewestShardsUp).toBe(shardCount);
      expect(await images(bed)).toEqual(Array(shardCount).fill('registry.example.org/engine:3'));

      // A drain: evicted pods find no node until one is back.
      await bed.kubectl(['cordon', '--selector', 'kubernetes.io/hostname']);
      const [first, second] = (await shardPods(bed)).map(({ metadata }) => metadata.name);
      if (first === undefined || second === undefined) throw new Error('no pods');
      seen.mark();
      await eventually(60_000, async () => expect(await evict(bed, first)).toMatchObject({ code: 0 }));
      await eventually(60_000, async () => expect(seen.shardsUp()).toHaveLength(shardCount - 1));
      const refused = await evict(bed, second);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain("violate the pod's disruption budget");
      await bed.kubectl(['uncordon', '--selector', 'kubernetes.io/hostname']);
      await eventually(60_000, async () => expect(await evict(bed, second)).toMatchObject({ code: 0 }));
      await eventually(60_000, async () => expect(seen.shardsUp()).toHaveLength(shardCount));
      expect(seen.fewestShardsUp).toBe(shardCount - 1);

      // As the guide empties a node without taking a copy: restarted shards go elsewhere, and then there is nothing to evict.
      const [from] = (await shardPods(bed)).map(({ spec }) => spec.nodeName);
      if (from === undefined) throw new Error('the pod has no node');
      const spare = fleet.pools.flatMap((pool) => poolNodes(pool, 4)).slice(3);
      await bed.kubectl(
        ['create', '--filename', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: spare }),
      );
      await bed.kubectl(['cordon', from]);
      seen.mark();
      const there = (await shardPods(bed)).filter(({ spec }) => spec.nodeName === from);
      const restarted = there.map(({ metadata }) => `rolling-${metadata.labels?.['stowage.dev/shard']}`);
      await bed.kubectl(['rollout', 'restart', 'deployment', '--namespace', namespace, ...restarted]);
      await rolledOut(bed);
      expect(seen.fewestShardsUp).toBe(shardCount);
      expect((await shardPods(bed)).filter(({ spec }) => spec.nodeName === from)).toEqual([]);

      seen.stop();
      await bed.deleteNamespace(namespace);
    });
  });
}

/** Takes the accelerator that is to spare. */
const squatter = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'squatter', namespace: 'default' },
  spec: {
    containers: [{ name: 'c', image: 'none', resources: { limits: { 'nvidia.com/gpu': '1' } } }],
    tolerations: [{ operator: 'Exists' }],
  },
};

const apply = (bed: Bed, manifests: string) => bed.kubectl(['apply', '--server-side', '--filename', '-'], manifests);

const rolledOut = (bed: Bed) =>
  bed.kubectl(['rollout', 'status', 'deployment', '--selector=stowage.dev/shard', '--timeout=240s', '-n', namespace]);

const shardPods = async (bed: Bed) =>
  (await bed.list<LivePod & Deletable>('pods', namespace)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.labels?.['stowage.dev/shard'] !== undefined,
  );

const images = async (bed: Bed) =>
  (await shardPods(bed)).map(({ spec }) => (spec.containers as readonly { image?: string }[])[0]?.image);

const evict = (bed: Bed, name: string) =>
  bed.tryKubectl(
    ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '--filename', '-'],
    JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }),
  );

interface Deletable {
  readonly metadata: { readonly deletionTimestamp?: string };
}
