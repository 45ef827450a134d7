import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fleet } from '../../../src/declare/fleet';
import { loadFleet } from '../../../src/declare/load-fleet';
import type { Plan } from '../../../src/plan/plan';
import { planFleet } from '../../../src/project/plan-fleet';
import { type Bed, type LivePod, root, type UseBed } from '../bed';
import { must } from '../commands';
import { everyKindFleet, fiftyNodeFleet } from '../fleets';
import { generalNode, poolNodes } from '../nodes';
import { expectPlanIsReality, podUids, versions } from '../reality';

const apply = ['apply', '--server-side', '--filename', '-'];

/** What `stowage synth` writes, applied by kubectl as a user does it. */
export function manifestsSuite({ bed: theBed }: UseBed): void {
  describe('stowage synth | kubectl apply --server-side', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'stowage-manifests-'));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const declare = (input: object) => {
      const file = join(folder, 'fleet.json');
      writeFileSync(file, JSON.stringify(input));
      const fleet = loadFleet(file);
      return { file, fleet, plan: planFleet(fleet).plan };
    };
    const nodesOf = (fleet: Fleet, plan: Plan) =>
      plan.pools.flatMap((usage) => {
        const pool = fleet.pools.find(({ name }) => name === usage.pool);
        return pool === undefined || usage.nodes === 0 ? [] : poolNodes(pool, usage.nodes);
      });
    const synth = (file: string) =>
      must('node', ['--import', 'tsx', join(root, 'src/cli/main.ts'), 'synth', '--no-lockfile', file], { cwd: root });

    test('200 GPUs on 50 nodes: all pods run on just the nodes of the plan, isolated tenants on their own', async () => {
      const bed = theBed();
      const { file, fleet, plan } = declare(fiftyNodeFleet);
      expect(plan.summary).toMatchObject({ nodes: 50, shardPods: 194 });
      // Just the plan's nodes: were one too few, pods would stay Pending; were one too many, a node would stay empty.
      await bed.setNodes([generalNode(), ...nodesOf(fleet, plan)]);
      await bed.createRestrictedNamespace(fleet.namespace);
      const manifests = await synth(file);

      await bed.kubectl(apply, manifests);
      await expectPlanIsReality(bed, fleet, plan, fleet.namespace);

      const ownersOfNode = new Map<string, Set<string>>();
      const pods = await bed.list<LivePod>('pods', fleet.namespace);
      for (const { metadata, spec } of pods) {
        if (metadata.labels?.['app.kubernetes.io/component'] !== 'shard') continue;
        const shard = plan.shards.find(({ id }) => id === metadata.labels?.['stowage.dev/shard']);
        const owner = shard?.nodeIsolated === true ? shard.group : 'anybody';
        const owners = ownersOfNode.get(spec.nodeName ?? '') ?? new Set();
        ownersOfNode.set(spec.nodeName ?? '', owners.add(owner));
      }
      expect([...ownersOfNode.values()].filter((owners) => owners.size > 1)).toEqual([]);
      expect(new Set([...ownersOfNode.values()].flatMap((owners) => [...owners]))).toEqual(
        new Set(['anybody', 'acme', 'globex']),
      );

      await expectSecondApplyChangesNothing(bed, fleet.namespace, manifests);
      await bed.deleteNamespace(fleet.namespace);
    });

    test('every kind that is rendered is taken without a warning, runs, and is the same at a second apply', async () => {
      const bed = theBed();
      const { file, fleet, plan } = declare(everyKindFleet);
      await bed.setNodes([generalNode(), ...nodesOf(fleet, plan)]);
      await bed.createRestrictedNamespace(fleet.namespace);
      const manifests = await synth(file);
      const ran = await bed.tryKubectl([...apply, '--dry-run=server', '--validate=strict'], manifests);
      expect(ran.stderr).toBe('');
      const kinds = new Set(ran.stdout.split('\n').flatMap((line) => line.match(/^[a-z]+(?=[./])/) ?? []));
      expect([...kinds].sort()).toEqual([
        'configmap',
        'deployment',
        'horizontalpodautoscaler',
        'networkpolicy',
        'poddisruptionbudget',
        'role',
        'rolebinding',
        'service',
        'serviceaccount',
      ]);

      await bed.kubectl(apply, manifests);
      await expectPlanIsReality(bed, fleet, plan, fleet.namespace);
      await expectSecondApplyChangesNothing(bed, fleet.namespace, manifests);
      await bed.deleteNamespace(fleet.namespace);
    });
  });
}

async function expectSecondApplyChangesNothing(bed: Bed, namespace: string, manifests: string): Promise<void> {
  const diff = await bed.tryKubectl(['diff', '--server-side', '--filename', '-'], manifests);
  expect(diff).toEqual({ code: 0, stdout: '', stderr: '' });
  const pods = podUids(await bed.list<LivePod>('pods', namespace));
  const before = await versions(bed, namespace);
  await bed.kubectl(apply, manifests);
  expect(await versions(bed, namespace)).toEqual(before);
  expect(podUids(await bed.list<LivePod>('pods', namespace))).toEqual(pods);
}
