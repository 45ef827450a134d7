import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadFleet } from '../../../src/declare/load-fleet';
import { planFleet } from '../../../src/project/plan-fleet';
import { type LivePod, root, type UseBed } from '../bed';
import { buildIfStale } from '../built';
import { generalNode, poolNodes } from '../nodes';
import { PulumiStack } from '../pulumi';
import { expectPlanIsReality, podUids, renderedKinds, versions } from '../reality';

const namespace = 'quickstart';
/** The root's Pulumi project, which is the quickstart example, from preview to destroy on the real engine. */
export function exampleSuite({ bed: theBed, beforeAll: prepare }: UseBed): void {
  describe('the quickstart example on the Pulumi engine', () => {
    let copy: string;
    let stack: PulumiStack;

    prepare(async () => {
      await buildIfStale();
      copy = mkdtempSync(join(tmpdir(), 'stowage-example-'));
      copyProject(copy);
      const { pools } = fleetAndPlan(copy).fleet;
      await theBed().setNodes([
        generalNode(),
        ...pools.flatMap((pool) => poolNodes(pool, pool.accelerator === null ? 10 : 50)),
      ]);
      stack = await PulumiStack.create(theBed(), root);
    });
    afterAll(() => {
      stack?.remove();
      if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
    });

    const pods = () => theBed().list<LivePod>('pods', namespace);
    test('pulumi preview at the root of the repository shows what up would make, and writes nothing', async () => {
      const lock = readIfThere(join(root, 'examples/quickstart/stowage.lock'));
      const steps = await stack.preview(root);
      expect(new Set(steps.map(({ op }) => op))).toEqual(new Set(['create']));
      const { plan } = fleetAndPlan(root);
      const deployments = steps.filter(({ type }) => type === 'kubernetes:apps/v1:Deployment');
      expect(deployments).toHaveLength(plan.summary.shards + 1);
      expect(readIfThere(join(root, 'examples/quickstart/stowage.lock'))).toBe(lock);
      expect(existsSync(join(root, 'Pulumi.bed.yaml'))).toBe(false);
    });

    test('pulumi up: pods, IPs, CPU, memory, GPUs and nodes are those of the plan', async () => {
      await stack.up(copy);
      const { fleet, plan } = fleetAndPlan(copy);
      await expectPlanIsReality(theBed(), fleet, plan, namespace);
      expect(plan.summary.gpus).toEqual({ L4: 2 });
      expect(await stack.outputs()).toMatchObject({ pods: plan.summary.pods, gpus: plan.summary.gpus });
    });

    test('a second up changes nothing', async () => {
      const before = await versions(theBed(), namespace);
      await stack.up(copy, { expectNoChanges: true });
      expect(await versions(theBed(), namespace)).toEqual(before);
    });

    test('a model more touches one ConfigMap and restarts no pod', async () => {
      const before = podUids(await pods());
      addModel(join(copy, 'examples/quickstart/fleet.yaml'));
      const touched = (await stack.preview(copy)).filter(({ op }) => op !== 'same');
      expect(touched).toMatchObject([{ op: 'update', type: 'kubernetes:core/v1:ConfigMap' }]);
      expect(await stack.up(copy)).toMatchObject({ update: 1 });

      expect(podUids(await pods())).toEqual(before);
      const tables = await theBed().list<{ data?: Record<string, string> }>('configmaps', namespace);
      const holding = tables.filter(({ data }) => Object.values(data ?? {}).some((text) => text.includes('newcomer')));
      expect(holding).toHaveLength(1);
    });

    test('destroy leaves nothing', async () => {
      await stack.destroy(copy);
      expect((await theBed().list('namespaces', null)).map(({ metadata }) => metadata.name)).not.toContain(namespace);
      const fleetObjects = await theBed().kubectl([
        ...['get', `${renderedKinds},pods,replicasets`, '--all-namespaces'],
        ...['--selector', 'stowage.dev/fleet', '--output', 'name'],
      ]);
      expect(fleetObjects).toBe('');
    });
  });
}

/** The root's project file and the example that it names, with the checkout's packages: what `up` may write into. */
function copyProject(target: string): void {
  for (const file of ['Pulumi.yaml', 'tsconfig.json']) cpSync(join(root, file), join(target, file));
  cpSync(join(root, 'examples/quickstart'), join(target, 'examples/quickstart'), {
    recursive: true,
    filter: (path) => !path.endsWith('node_modules'),
  });
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  addImageModels(join(target, 'examples/quickstart/fleet.yaml'));
}

/** The quickstart runs on CPUs alone: image models on a GPU pool beside it, so that GPUs are counted, too. */
function addImageModels(file: string): void {
  const pool =
    '  - { name: gpu, accelerator: { kind: L4, memory: 23034Mi }, cpu: 8, memory: 32Gi, pricePerNodeHour: 0.8, maxNodes: 4 }\n';
  const fleet = readFileSync(file, 'utf8').replace(/^pools:\n/m, (line) => `${line}${pool}`);
  writeFileSync(file, `${fleet.trimEnd()}\n${imageModel('resnet50', 2)}${imageModel('efficientnet', 1)}`);
}

const imageModel = (name: string, replicas: number): string =>
  `  - { name: ${name}, format: onnx, storageUri: hf://timm/${name}, gpuMemory: 195Mi, memory: 49Mi, throughputPerSecond: 2631, requestsPerSecond: 100, replicas: ${replicas} }\n`;

function fleetAndPlan(project: string) {
  const example = join(project, 'examples/quickstart');
  const { fleet, plan } = planFleet(loadFleet(join(example, 'fleet.yaml')), {
    lockfile: join(example, 'stowage.lock'),
  });
  return { fleet, plan };
}

function addModel(file: string): void {
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n${imageModel('newcomer', 1)}`);
}

const readIfThere = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null);
