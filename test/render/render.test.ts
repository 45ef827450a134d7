import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/agent/settings';
import { podShare } from '../../src/declare/capacity';
import { defineFleet } from '../../src/declare/define-fleet';
import type { Fleet } from '../../src/declare/fleet';
import type { FleetInput } from '../../src/declare/input';
import { parseBytes, parseCpuMillis } from '../../src/declare/quantities';
import { StowageError } from '../../src/errors/stowage-error';
import { pack } from '../../src/pack/pack';
import { makePlan } from '../../src/plan/make-plan';
import type { KubernetesObject } from '../../src/render/objects';
import { renderFleet } from '../../src/render/render';
import { toYaml } from '../../src/render/yaml';
import { fleetInputs, shuffledFleet } from '../support/fleets';
import { type Container, objectsOf, podSpecOf, rendered, renderedInCopies, wideFleet } from './support';

const amount = (parse: typeof parseBytes, text: string | undefined) => {
  const result = parse(text ?? '0');
  if (!result.ok) throw new Error(`${text} ${result.reason}`);
  return result.value;
};
const total = (containers: readonly Container[], resource: 'cpu' | 'memory') =>
  containers.reduce(
    (sum, { resources }) =>
      sum + amount(resource === 'cpu' ? parseCpuMillis : parseBytes, resources.requests[resource]),
    0,
  );
const labelsOf = (deployment: KubernetesObject) =>
  (deployment.spec as { template: { metadata: { labels: Readonly<Record<string, string>> } } }).template.metadata
    .labels;
const identity = (object: { kind: string; metadata: { name: string } }) => `${object.kind}/${object.metadata.name}`;

describe('rendering', () => {
  it('gives a small fleet just these objects', async () => {
    const input: FleetInput = {
      name: 'small',
      packing: { layout: 'equal' },
      pools: wideFleet.pools.filter(({ name }) => name === 'l4'),
      models: (wideFleet.models ?? []).filter(({ name }) => name === 'resnet50'),
    };
    await expect(toYaml(rendered(input).groups)).toMatchFileSnapshot('../fixtures/golden/small-fleet.yaml');
  });

  it('is the same for the same fleet in any order', () => {
    fc.assert(
      fc.property(
        fleetInputs({ maxModels: 20 }).chain((input) => fc.tuple(fc.constant(input), shuffledFleet(input))),
        ([input, shuffled]) => {
          expect(toYaml(rendered(shuffled).groups)).toBe(toYaml(rendered(input).groups));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('asks for what the plan counts: pods, their CPU and memory, accelerators', () => {
    fc.assert(
      fc.property(fleetInputs({ budgets: false }), fc.boolean(), (input, copies) => {
        const { fleet, plan, groups } = copies ? renderedInCopies(input) : rendered(input);
        const pools = new Map(fleet.pools.map((pool) => [pool.name, pool]));
        const sums = { pods: 0, cpu: 0, memory: 0, gpus: 0 };
        for (const deployment of objectsOf(groups, 'Deployment')) {
          const { containers } = podSpecOf(deployment);
          const replicas = (deployment.spec as { replicas?: number }).replicas ?? fleet.mesh.routerReplicas;
          sums.pods += replicas;
          sums.cpu += replicas * total(containers, 'cpu');
          sums.memory += replicas * total(containers, 'memory');
          const pool = pools.get(deployment.metadata.labels?.['stowage.dev/pool'] ?? '');
          if (pool === undefined) continue;
          expect(total(containers, 'cpu')).toBe(podShare(pool).cpuMillis);
          expect(total(containers, 'memory')).toBe(podShare(pool).memoryBytes);
          const asked = containers.flatMap(({ resources }) =>
            Object.entries(resources.limits).filter(([name]) => name.includes('/')),
          );
          expect(asked).toEqual(pool.accelerator === null ? [] : [[pool.accelerator.resourceName, '1']]);
          sums.gpus += asked.length * replicas;
        }
        const { summary } = plan;
        expect(sums).toEqual({
          pods: summary.pods,
          cpu: summary.cpuMillis,
          memory: summary.memoryBytes,
          gpus: Object.values(summary.gpus).reduce((sum, count) => sum + count, 0),
        });
      }),
      { numRuns: 40 },
    );
  });

  it('changes one ConfigMap for each shard that a new model joins, and nothing else', () => {
    fc.assert(
      fc.property(fleetInputs({ budgets: false, maxModels: 20 }), fc.nat(), (input, pick) => {
        const models = input.models ?? [];
        const like = models[pick % models.length];
        if (like === undefined) return;
        const before = rendered(input);
        const twin = {
          ...like,
          name: 'another',
          gpuMemory: like.gpuMemory && '1Mi',
          memory: '1Mi',
          disk: '1Mi',
          requestsPerSecond: 0,
        };
        const after = rendered({ ...input, models: [...models, twin] }, before.locked);
        fc.pre(after.plan.changes.shardsAdded.length === 0);
        const old = new Map(objectsOf(before.groups).map((object) => [identity(object), JSON.stringify(object)]));
        const changed = objectsOf(after.groups).filter(
          (object) => old.get(identity(object)) !== JSON.stringify(object),
        );
        const joined = after.plan.shards.filter(({ models }) => models.some((key) => key.includes('/another@')));
        expect(changed.map(({ kind }) => kind)).toEqual(joined.map(() => 'ConfigMap'));
        expect(objectsOf(after.groups)).toHaveLength(old.size);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['equal replicas', rendered],
    ['copies', renderedInCopies],
  ])('gives every object the namespace, a name that is valid, and its own identity: %s', (_, render) => {
    const { groups, fleet } = render(wideFleet);
    const all = objectsOf(groups);
    expect(new Set(all.map(identity)).size).toBe(all.length);
    for (const { metadata } of all) {
      expect(metadata.namespace).toBe(fleet.namespace);
      expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
      for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(/^[A-Za-z0-9][-A-Za-z0-9_.]*$/);
    }
    expect(groups.map(({ shard }) => shard)).toEqual([null, ...[...groups.slice(1).map(({ shard }) => shard)].sort()]);
  });
});

describe('a shard', () => {
  const { groups, plan } = rendered(wideFleet);
  const shardOf = (model: string) => {
    const shard = plan.shards.find(({ models }) => models.some((key) => key.includes(`/${model}@`)));
    const objects = groups.find((group) => group.shard === shard?.id)?.objects ?? [];
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error(`no Deployment holds ${model}`);
    const spec = podSpecOf(deployment);
    const container = (name: string) =>
      [...spec.containers, ...(spec.initContainers ?? [])].find((candidate) => candidate.name === name) as Container;
    return { objects, deployment, spec, container };
  };

  it('rolls in place where a second replica serves meanwhile, else only once the new pod is ready', () => {
    const inPlace = { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } };
    const surging = { minReadySeconds: 10, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
    const [iris, resnet] = ['iris', 'resnet50'].map((model) => shardOf(model).deployment.spec);
    expect(resnet).toMatchObject(inPlace);
    expect(resnet).not.toHaveProperty('minReadySeconds');
    expect(iris).toMatchObject(surging);
    const deadline = (spec: unknown) => (spec as { progressDeadlineSeconds: number }).progressDeadlineSeconds;
    // Also while others leave it no room.
    expect(deadline(iris)).toBeGreaterThan(deadline(resnet) + 3600);
  });

  it('has a disruption budget of its own where it has a second replica, and no pod is under two', () => {
    const kinds = (model: string) => shardOf(model).objects.map(({ kind }) => kind);
    expect(kinds('resnet50')).toEqual(['ConfigMap', 'PodDisruptionBudget', 'Deployment']);
    expect(kinds('iris')).toEqual(['ConfigMap', 'Deployment']);
    expect(labelsOf(shardOf('iris').deployment)).toHaveProperty(['stowage.dev/class']);
    expect(labelsOf(shardOf('resnet50').deployment)).not.toHaveProperty(['stowage.dev/class']);
  });

  it('lets a slow server start, and is ready when the agent says so', () => {
    const { container } = shardOf('tone');
    const probe = container('server').startupProbe as { failureThreshold: number; periodSeconds: number };
    expect(probe.failureThreshold * probe.periodSeconds).toBeGreaterThanOrEqual(900);
    expect(container('server').readinessProbe).toBeUndefined();
    expect(container('agent').readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'agent' } });
  });

  it('resolves every variable that the command refers to, with one secret for server and agent', () => {
    for (const model of ['iris', 'resnet50', 'tone']) {
      const { spec, container } = shardOf(model);
      for (const { args, env } of spec.containers) {
        const used = [...(args ?? []).join(' ').matchAll(/\$\(([A-Z_]+)\)/g)].map((match) => match[1]);
        const known = env.map(({ name }) => name);
        expect(known).toEqual(expect.arrayContaining(used));
        expect(new Set(known).size).toBe(known.length);
      }
      const token = (name: string) => container(name).env.find((variable) => variable.name === 'STOWAGE_ADMIN_TOKEN');
      expect(token('server')).toEqual(token('agent'));
      expect(token('agent')?.valueFrom).toEqual({ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } });
    }
  });

  it("gives agents the fleet's times, and no variable for what it leaves to them", () => {
    const timesOf = (mesh: FleetInput['mesh']) => {
      const { groups } = rendered({ ...wideFleet, mesh: { ...wideFleet.mesh, ...mesh } });
      const agents = objectsOf(groups, 'Deployment').flatMap((one) =>
        podSpecOf(one).containers.filter(({ name }) => name === 'agent'),
      );
      const found = agents.map(({ env }) =>
        Object.fromEntries(env.filter(({ name }) => /_SECONDS$/.test(name)).map(({ name, value }) => [name, value])),
      );
      expect(found.length).toBeGreaterThan(1);
      return found;
    };
    for (const times of timesOf({})) expect(times).toEqual({});
    for (const times of timesOf({ agent: { readyHoldSeconds: 0, roomWaitSeconds: 12 } })) {
      expect(times).toEqual({ STOWAGE_READY_HOLD_SECONDS: '0', STOWAGE_ROOM_WAIT_SECONDS: '12' });
      const settings = readSettings({ ...times, STOWAGE_FLEET: 'f', STOWAGE_SHARD: 's', STOWAGE_POD: 'p' });
      expect(settings).toMatchObject({ readyHoldMs: 0, roomWaitMs: 12_000 });
    }
  });

  it('fetches a base model before its server starts', () => {
    const { container, spec } = shardOf('tone');
    const variable = (name: string) => container('base-model').env.find((candidate) => candidate.name === name)?.value;
    expect(variable('STOWAGE_BASE_URI')).toBe('hf://example/qwen-1b');
    expect(variable('STOWAGE_BASE_MODEL')).toBe('/models/.base/qwen-1b');
    expect(spec.initContainers).toHaveLength(1);
    expect(shardOf('iris').spec.initContainers).toBeUndefined();
  });

  it('mounts only what exists, each path once, and credentials to be read by the agent alone', () => {
    for (const model of ['iris', 'resnet50', 'tone']) {
      const { spec, container } = shardOf(model);
      const volumes = spec.volumes.map(({ name }) => name);
      for (const { volumeMounts } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        for (const { name } of volumeMounts) expect(volumes).toContain(name);
        expect(new Set(volumeMounts.map(({ mountPath }) => mountPath)).size).toBe(volumeMounts.length);
      }
      expect(container('agent').volumeMounts).toContainEqual({
        mountPath: '/etc/stowage/storage',
        name: 'storage',
        readOnly: true,
      });
      expect(JSON.stringify(container('server').volumeMounts)).not.toContain('storage');
    }
  });

  it('stays in its zones', () => {
    expect(JSON.stringify(shardOf('zoned').spec.affinity)).toContain(
      '{"key":"topology.kubernetes.io/zone","operator":"In","values":["a"]}',
    );
    expect(shardOf('resnet50').spec.affinity).not.toHaveProperty('nodeAffinity');
  });

  it('of a node-isolated group repels all other shard pods, and labels its own', () => {
    const { deployment, spec } = shardOf('secret');
    expect(deployment.metadata.labels).toMatchObject({ 'stowage.dev/node-group': 'vault' });
    const terms = (spec.affinity as { podAntiAffinity: Record<string, { namespaceSelector: object }[]> })
      .podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(terms).toHaveLength(2);
    for (const term of terms ?? []) expect(term.namespaceSelector).toEqual({});
    expect(spec.topologySpreadConstraints).toBeUndefined();
    for (const model of ['iris', 'wine']) {
      expect(shardOf(model).spec.affinity).not.toHaveProperty('podAntiAffinity');
      expect(shardOf(model).deployment.metadata.labels).not.toHaveProperty('stowage.dev/node-group');
    }
  });

  it('has no account token', () => {
    expect(shardOf('iris').spec).toMatchObject({ automountServiceAccountToken: false });
    expect(JSON.stringify(shardOf('iris').spec)).not.toContain('serviceAccountToken');
  });
});

describe('copies in shards of one pod', () => {
  const budgets = (groups: Parameters<typeof objectsOf>[0]) =>
    objectsOf(groups, 'PodDisruptionBudget').filter(({ metadata }) => !metadata.name.endsWith('-router'));
  const selected = (budget: KubernetesObject, pods: readonly KubernetesObject[]) => {
    const { matchLabels } = (budget.spec as { selector: { matchLabels: Record<string, string> } }).selector;
    return pods.filter((pod) => Object.entries(matchLabels).every(([label, value]) => labelsOf(pod)[label] === value));
  };

  it('are just these objects', async () => {
    const input: FleetInput = {
      name: 'copies',
      pools: [{ name: 'cpu', cpu: 16, memory: '64Gi', pricePerNodeHour: 1, zones: ['a', 'b'] }],
      models: [{ name: 'iris', format: 'sklearn', storageUri: 's3://models/iris', memory: '1Gi', replicas: 2 }],
    };
    await expect(toYaml(renderedInCopies(input).groups)).toMatchFileSnapshot('../fixtures/golden/copies-fleet.yaml');
  });

  it('are drained one at a time: all shards that share a model are under one budget, and no pod is under two', () => {
    fc.assert(
      fc.property(fleetInputs({ budgets: false }), fc.boolean(), (input, mixed) => {
        const { groups, plan } = mixed ? rendered(input) : renderedInCopies(input);
        const deployments = objectsOf(groups, 'Deployment').filter(
          ({ metadata }) => 'stowage.dev/shard' in (metadata.labels ?? {}),
        );
        const budgetOf = new Map<string, string>();
        for (const budget of budgets(groups)) {
          for (const { metadata } of selected(budget, deployments)) {
            const shard = metadata.labels?.['stowage.dev/shard'] ?? '';
            expect(budgetOf.has(shard)).toBe(false);
            budgetOf.set(shard, budget.metadata.name);
          }
        }
        const holders = new Map<string, string[]>();
        for (const { id, replicas, models } of plan.shards) {
          if (replicas > 1) expect(budgetOf.has(id)).toBe(true);
          else for (const model of models) holders.set(model, [...(holders.get(model) ?? []), id]);
        }
        for (const shards of holders.values()) {
          if (shards.length < 2) continue;
          const names = new Set(shards.map((id) => budgetOf.get(id)));
          expect(names.size).toBe(1);
          expect(names).not.toContain(undefined);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of classes with single copies alone are free to go', () => {
    const { groups } = renderedInCopies({
      ...wideFleet,
      models: (wideFleet.models ?? []).filter(({ replicas }) => replicas === undefined),
    });
    expect(budgets(groups)).toEqual([]);
  });

  it('keep their labels, and so their pods, when a pool, a model or a copy is added', () => {
    const labels = (input: FleetInput) =>
      Object.fromEntries(
        objectsOf(renderedInCopies(input).groups, 'Deployment').map((object) => [
          object.metadata.name,
          labelsOf(object),
        ]),
      );
    const [cpu] = wideFleet.pools;
    if (cpu === undefined) throw new Error('no pool');
    const iris = { name: 'iris', format: 'sklearn', storageUri: 's3://models/iris', memory: '1Gi' };
    const input = { name: 'small', pools: [cpu], models: [iris] };
    const classes = (more: Partial<FleetInput>) =>
      new Set(Object.values(labels({ ...input, ...more })).flatMap((found) => found['stowage.dev/class'] ?? []));
    const [own] = classes({});
    expect(own).toMatch(/^c[0-9a-f]{8}$/);
    expect(classes({ pools: [cpu, { ...cpu, name: 'cheap', pricePerNodeHour: 0.1 }] })).toEqual(new Set([own]));
    expect(classes({ models: [iris, { ...iris, name: 'wine' }] })).toEqual(new Set([own]));
    expect(classes({ models: [{ ...iris, replicas: 2 }] })).toEqual(new Set([own]));
  });

  it('are told apart by runtime, base, group and zones', () => {
    const { groups, plan } = renderedInCopies(wideFleet);
    const byLabel = new Map<string, Set<string>>();
    for (const { id, runtime, base, group, nodeIsolated, zones } of plan.shards) {
      const deployment = objectsOf(groups, 'Deployment').find(
        ({ metadata }) => metadata.labels?.['stowage.dev/shard'] === id,
      );
      if (deployment === undefined) throw new Error(`shard ${id} has no Deployment`);
      const label = labelsOf(deployment)['stowage.dev/class'] ?? '';
      const is = JSON.stringify([runtime, base, group, nodeIsolated, zones]);
      byLabel.set(label, (byLabel.get(label) ?? new Set()).add(is));
    }
    expect(byLabel.size).toBeGreaterThan(4);
    for (const classes of byLabel.values()) expect(classes.size).toBe(1);
  });

  it('are spread over zones by class, and never over hosts', () => {
    for (const deployment of objectsOf(renderedInCopies(wideFleet).groups, 'Deployment')) {
      const { 'stowage.dev/pool': pool, 'stowage.dev/class': ofClass } = labelsOf(deployment);
      if (pool === undefined) continue;
      const constraints = podSpecOf(deployment).topologySpreadConstraints ?? [];
      const zoned = JSON.stringify(podSpecOf(deployment).affinity).includes('topology.kubernetes.io/zone');
      const isolated = 'stowage.dev/node-group' in labelsOf(deployment);
      const spread = pool !== 'slice' && !zoned && !isolated;
      expect(constraints.map(({ topologyKey }) => topologyKey)).toEqual(spread ? ['topology.kubernetes.io/zone'] : []);
      if (spread)
        expect(constraints[0]).toMatchObject({ labelSelector: { matchLabels: { 'stowage.dev/class': ofClass } } });
    }
  });
});

describe('the router', () => {
  const find = (input: FleetInput, kind: string) =>
    objectsOf(rendered(input).groups.slice(0, 1), kind).find(({ metadata }) => metadata.name.endsWith('-router'));

  it('leaves its number of replicas to the autoscaler where there is one', () => {
    expect(find(wideFleet, 'Deployment')?.spec).not.toHaveProperty('replicas');
    expect(find(wideFleet, 'HorizontalPodAutoscaler')?.spec).toMatchObject({ minReplicas: 3, maxReplicas: 6 });
    const fixed = { ...wideFleet, mesh: { router: { replicas: 2, maxReplicas: 2 } } };
    expect(find(fixed, 'Deployment')?.spec).toMatchObject({ replicas: 2 });
    expect(find(fixed, 'HorizontalPodAutoscaler')).toBeUndefined();
  });

  it('gives the account token to meshd alone', () => {
    const deployment = find(wideFleet, 'Deployment');
    if (deployment === undefined) throw new Error('no router');
    const mounts = Object.fromEntries(
      podSpecOf(deployment).containers.map(({ name, volumeMounts }) => [name, volumeMounts.map((mount) => mount.name)]),
    );
    expect(mounts).toEqual({
      envoy: ['sockets', 'envoy-tmp'],
      meshd: ['sockets', 'meshd-tmp', 'service-account'],
    });
  });

  it('may read ConfigMaps and pods of its namespace, and nothing else', () => {
    expect(find(wideFleet, 'Role')?.rules).toEqual([
      { apiGroups: [''], resources: ['configmaps', 'pods'], verbs: ['get', 'list', 'watch'] },
    ]);
    expect(objectsOf(rendered(wideFleet).groups, 'ClusterRole')).toEqual([]);
  });

  it('lets in the namespaces given and the gateway, or everybody', () => {
    const ingress = (input: FleetInput) =>
      (find(input, 'NetworkPolicy')?.spec as { ingress: { from?: unknown[] }[] } | undefined)?.ingress[0];
    expect(JSON.stringify(ingress(wideFleet)?.from)).toBe(
      JSON.stringify(
        ['apps', 'ingress'].map((name) => ({
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        })),
      ),
    );
    expect(ingress({ ...wideFleet, mesh: {} })).not.toHaveProperty('from');
  });

  it('is attached to a gateway by one route for both protocols, and only where asked', () => {
    expect(find(wideFleet, 'HTTPRoute')?.spec).toMatchObject({
      hostnames: ['models.example.org', '*.models.example.org'],
      parentRefs: [{ kind: 'Gateway', name: 'public', namespace: 'ingress' }],
      rules: [{ backendRefs: [{ port: 8081 }] }, { backendRefs: [{ port: 80 }] }],
    });
    expect(find({ ...wideFleet, mesh: {} }, 'HTTPRoute')).toBeUndefined();
  });
});

describe('what cannot be rendered', () => {
  const base = { name: 'small', pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }] };
  const model = { name: 'a', format: 'sklearn', storageUri: 's3://models/a', memory: '1Gi' };
  const problems = (extra: Partial<FleetInput>, change: (fleet: Fleet) => Fleet = (fleet) => fleet): string[] => {
    const fleet = defineFleet({ ...base, models: [model], ...extra });
    const plan = makePlan(fleet, pack({ fleet }));
    try {
      renderFleet(change(fleet), plan);
    } catch (error) {
      if (StowageError.is(error)) return error.diagnostics.map(({ code, message }) => `${code} ${message}`);
      throw error;
    }
    return [];
  };

  it('is a plan of another fleet', () => {
    expect(problems({}, (fleet) => ({ ...fleet, name: 'other' }))).toEqual([
      'STW4001 the plan is of the fleet "small", not of "other"',
    ]);
    const found = problems({}, (fleet) => ({ ...fleet, models: [], pools: [] }));
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^STW4001 the plan puts the pool "cpu" in shard s\w{7}; the fleet has none of that name$/);
    expect(found[1]).toContain('the model "default/a@1"');
  });

  it('is what Kubernetes refuses, all of it at once', () => {
    const pool = {
      name: 'cpu',
      cpu: 16,
      memory: '64Gi',
      nodeSelector: { 'bad key': 'ok', ok: 'bad value!' },
      tolerations: [{ value: 'x' }, { key: 'a', operator: 'Exists' as const, value: 'x' }],
    };
    const env = { 'A=B': 'x', NUL: 'a\0b', HALF: '\ud800' };
    expect(
      problems({
        pools: [pool],
        runtimes: [{ name: 'mlserver', extends: 'mlserver', image: 'two words', env, repository: { path: '/a/../b' } }],
        mesh: { gateway: { name: 'g', namespace: 'n', hostnames: ['10.0.0.1'] }, storageSecretName: 'A_B' },
      }),
    ).toEqual([
      'STW4002 a key of nodeSelector of pool "cpu" is "bad key": it must be the key of a label',
      'STW4002 nodeSelector "ok" of pool "cpu" is "bad value!": it must be the value of a label',
      'STW4002 a toleration without key of pool "cpu" needs the operator Exists',
      'STW4002 a toleration with the operator Exists of pool "cpu" may have no value',
      'STW4002 the image of runtime "mlserver" is "two words": it must be the name of an image',
      'STW4002 a variable of runtime "mlserver" is "A=B": it must be the name of an environment variable',
      'STW4002 the variable NUL of runtime "mlserver" is "a?b": it must be text without NUL and half characters',
      'STW4002 the variable HALF of runtime "mlserver" is "?": it must be text without NUL and half characters',
      'STW4002 the repository path of runtime "mlserver" is "/a/../b": it must be an absolute path of letters, digits, ".", "_" and "-"',
      'STW4002 mesh.storageSecretName is "A_B": it must be the name of a Secret: lower-case letters, digits, "-" and "."',
      'STW4002 a hostname of mesh.gateway is "10.0.0.1": it must be a DNS name, or one after "*."',
    ]);
  });

  it("is what takes a port, path or variable of the pod's own", () => {
    const runtime = {
      name: 'mlserver',
      extends: 'mlserver',
      ports: { http: 9301, grpc: 8080, metrics: 8080 },
      env: { STOWAGE_ADMIN_TOKEN: 'mine' },
      repository: { path: '/etc/stowage/models' },
    };
    expect(problems({ runtimes: [runtime] })).toEqual([
      'STW4003 runtime "mlserver" sets the variable STOWAGE_ADMIN_TOKEN: names that begin with STOWAGE_ are Stowage\'s own',
      'STW4003 runtime "mlserver" listens on port 9301, which is the agent\'s',
      'STW4003 runtime "mlserver" uses port 8080 twice',
      'STW4003 the repository path of runtime "mlserver" is /etc/stowage/models, where something else is mounted',
    ]);
  });

  it('is a shard whose id makes no name', () => {
    const fleet = defineFleet({ ...base, models: [model] });
    const plan = makePlan(fleet, pack({ fleet }));
    for (const id of ['router', 'copies-c0123456', 'Upper', 'x'.repeat(60)]) {
      const shards = plan.shards.map((shard) => ({ ...shard, id }));
      expect(() => renderFleet(fleet, { ...plan, shards })).toThrow(/STW4002: the shard id/);
    }
  });
});
