import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultPartsDirectory } from '../../../../src/local/parts';
import { grpcClient, type InferClient, restClient } from '../../../mesh/e2e/infer-clients';
import { type Heard, SteadyLoad } from '../../../mesh/e2e/load';
import { root } from '../../bed';
import { eventually, must } from '../../commands';
import { killApiServer } from '../api-server';
import type { FleetShape } from '../fleet-files';
import { FleetOnCluster } from '../fleet-on-cluster';
import type { Size } from '../size';
import type { SumModel } from '../sum-models';
import { seconds, type UseCluster } from '../use-cluster';

const minutes = 60_000;
const parts = defaultPartsDirectory();
const python = (part: string): string => join(parts, part, 'bin/python');
const hasTriton = existsSync(join(parts, 'triton/bin/tritonserver'));

/** One fleet, from its first apply on: all answers, and what changes and failures cost under load. */
export function wholeMeshSuite({ cluster, beforeAll, tell }: UseCluster, size: Size): void {
  describe(`a fleet of ${size.models} models in ${size.layout === 'copies' ? 'one-pod' : 'equal'} shards`, () => {
    let fleet: FleetOnCluster;
    let load: SteadyLoad;
    const clients = new Map<string, InferClient>();
    const withTriton = size.tritonModels && hasTriton;
    const models = modelsOf(size, withTriton);
    const names = models.map(({ name }) => name);
    const shardsOf = (runtime: string): readonly string[] =>
      fleet.planned.plan.shards.filter((shard) => shard.runtime === runtime).map(({ id }) => id);

    beforeAll(async () => {
      fleet = await FleetOnCluster.prepare(cluster(), shapeOf(size, models));
      const { summary } = fleet.planned.plan;
      expect(shardsOf('mlserver')).toHaveLength(size.shards);
      expect(shardsOf('triton')).toHaveLength(withTriton ? 2 : 0);
      // Room for copies to gather in one shard.
      fleet.files.declare({ modelsPerShard: size.models });
      const began = performance.now();
      await fleet.apply();
      await fleet.settled(4 * minutes);
      tell(
        `${summary.models} models, ${summary.copies} copies on ${summary.shardPods} pods of ${summary.shards} shards, from apply to live on ${size.routers} routers: ${seconds(began)} s`,
      );
      for (const [i, { http, grpc }] of fleet.routers.entries()) {
        clients.set(`REST by router ${i}`, restClient(`http://${http}`));
        clients.set(`gRPC by router ${i}`, grpcClient(grpc));
      }
      load = new SteadyLoad(clients, names, size.everyMs);
    });

    afterAll(async () => {
      await load?.stop();
      for (const client of clients.values()) client.close();
      await fleet?.remove();
    }, 2 * minutes);

    /** What became of the requests meanwhile; all is as planned at the end, models that left their pods included. */
    async function under(what: string, work: () => Promise<unknown>, released = true): Promise<Heard> {
      load.take();
      const began = performance.now();
      await work();
      await fleet.settled(2 * minutes, released);
      // What was lost is noticed.
      await sleep(1_000);
      const result = load.take();
      tell(`${what}: ${result.requests} requests, ${result.failures.length} failed, ${seconds(began)} s`);
      for (const { text } of result.failures.slice(0, 20)) tell(`  ${text}`);
      return result;
    }

    /** Kills a model server: nothing fails but what was asked before it was gone, and as its connections broke. */
    async function loseServer(shard: string): Promise<void> {
      const [server] = fleet.containers('server', shard);
      let killed = 0;
      const kill = () => {
        killed = Date.now();
        return fleet.kill(server);
      };
      const result = await under(`model server of ${shard} killed`, kill, false);
      // SIGKILL takes a loaded Python a tenth of a second, in which its connections still take requests.
      const gone = server?.run.endedAt ?? 0;
      const late = result.failures.filter(({ began }) => began > gone);
      tell(
        `  it was gone after ${gone - killed} ms, in which ${result.held(killed, gone)} requests were under way on all pods; ${late.length} of the failed came after its end`,
      );
      // A request may be on its way as its connection breaks: one a router.
      expect(late.length).toBeLessThanOrEqual(size.routers);
    }

    const ask = async (part: string, script: string, number: number): Promise<Record<string, unknown[]>> => {
      const { http, grpc } = fleet.routers[number % size.routers] ?? { http: '', grpc: '' };
      return JSON.parse(await must(python(part), [script, http, grpc, String(number), ...names]));
    };
    const answersTo = (number: number) => names.map((_, i) => expect.closeTo(number + i, 6));
    const withPart = (part: string) => test.skipIf(!existsSync(python(part)));

    test('pods run where the scheduler put them, and are ready in the eyes of the API server', async () => {
      await fleet.kubectl('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=60s');
      for (const { id } of fleet.planned.plan.shards) {
        await fleet.kubectl('rollout', 'status', `deployment/${fleet.planned.fleet.name}-${id}`, '--timeout=60s');
      }
    });

    test('every model answers by REST and gRPC, through each router', async () => {
      for (const client of clients.values()) {
        for (const [i, name] of names.entries()) expect(await client.infer(name, [7])).toBeCloseTo(7 + i, 6);
      }
      tell(`${clients.size * names.length} requests, each model by each client: all right`);
    });

    withPart('clients')("Triton's clients get an answer of every model, by REST and gRPC", async () => {
      const answers = await ask('clients', join(root, 'test/mesh/e2e/ask-all.py'), 1000);
      expect(answers).toEqual({
        rest: answersTo(1000),
        grpc: answersTo(1000),
        unknown: ['404', 'StatusCode.NOT_FOUND'],
      });
    });

    withPart('kserve')("KServe's clients and one generated from OpenAPI do, too", async () => {
      const answers = await ask('kserve', join(__dirname, '../ask-kserve.py'), 1001);
      const right = answersTo(1001);
      expect(answers).toEqual({ rest: right, grpc: right, openapi: right, unknown: ['404', 'NOT_FOUND'] });
    });

    test('copies move between shards without a failed request', async () => {
      const before = placesOf(fleet);
      const result = await under(`${size.rounds} rounds of ${size.movesPerRound} models that move`, async () => {
        for (let round = 0; round < size.rounds; round++) {
          fleet.files.move(size.movesPerRound, round + 1);
          await fleet.files.lock();
          await fleet.apply();
        }
      });
      expect(result.failures).toEqual([]);
      const stayed = [...placesOf(fleet)].filter((place) => before.has(place)).length;
      expect(stayed).toBeLessThanOrEqual(before.size - size.movesPerRound);
      tell(`  ${before.size - stayed} of ${before.size} copies are elsewhere`);
    });

    test.skipIf(size.layout !== 'copies')('models get copies and lose them without a failed request', async () => {
      const [two, three] = [2, 3].map((copies) => models.filter(({ replicas }) => replicas === copies).slice(0, 4));
      const replicasOf = (model: SumModel) => (two?.includes(model) ? 3 : three?.includes(model) ? 2 : model.replicas);
      const result = await under('4 models get a copy, 4 lose one', async () => {
        fleet.files.declare({ models: models.map((model) => ({ ...model, replicas: replicasOf(model) })) });
        const { copies } = await fleet.files.changes('--no-frozen');
        expect(copies.map(({ before, after }) => after - before).sort()).toEqual([-1, -1, -1, -1, 1, 1, 1, 1]);
        await fleet.files.lock();
        await fleet.apply();
      });
      expect(result.failures).toEqual([]);
    });

    test('every shard is rolled without a failed request', async () => {
      const before = fleet.pids;
      const shards = fleet.planned.plan.shards.map(({ id }) => id);
      const result = await under(`rolling restart of ${shards.length} shards at once`, () => fleet.roll(shards));
      expect(result.failures).toEqual([]);
      const shared = fleet.pids.filter((pid) => before.includes(pid));
      // Envoy and meshd of each router.
      expect(shared).toHaveLength(2 * size.routers);
    });

    test('meshd dies and comes back without a failed request; what was applied meanwhile is caught up', async () => {
      const work = async () => {
        const again = fleet.kill(fleet.containers('meshd', null)[0]);
        fleet.files.move(2, 101);
        await fleet.apply();
        await again;
      };
      // Agents wait half a minute for the meshd that was killed, before they let go what moved: the tests after this see to it.
      const result = await under('meshd killed', work, false);
      expect(result.failures).toEqual([]);
    });

    test('an agent dies and comes back without a failed request', async () => {
      const [shard = ''] = shardsOf('mlserver');
      const kill = () => fleet.kill(fleet.containers('agent', shard)[0]);
      const result = await under(`agent of ${shard} killed`, kill, false);
      expect(result.failures).toEqual([]);
    });

    test('a model server dies, and with it the requests that it held at most', async () => {
      await loseServer(shardsOf('mlserver').at(-1) ?? '');
    });

    test.skipIf(!withTriton)('so does a Triton with its models, which are processes of their own', async () => {
      const { shards } = fleet.planned.plan;
      const single = shards.filter(({ models }) => models.includes('default/t2@1')).map(({ id }) => id);
      await loseServer(shardsOf('triton').find((id) => !single.includes(id)) ?? '');
    });

    test('the API server goes away and comes back without a failed request', async () => {
      const result = await under(`API server away for ${size.apiAwaySeconds} s`, async () => {
        const startAgain = killApiServer(cluster().bed.kubeconfig);
        await sleep(size.apiAwaySeconds * 1000);
        startAgain();
        await eventually(2 * minutes, () => cluster().bed.kubectl(['get', '--raw', '/readyz']));
        fleet.files.move(2, 102);
        await fleet.apply();
      });
      expect(result.failures).toEqual([]);
    });

    test('a fleet that is packed anew gathers in fewer shards without a failed request', async () => {
      const before = fleet.planned.plan.shards.map(({ id }) => id);
      const result = await under('packed anew', async () => {
        await fleet.files.lock('--repack');
        await fleet.apply();
        await fleet.settled(2 * minutes);
        const now = new Set(fleet.planned.plan.shards.map(({ id }) => id));
        const gone = before.filter((id) => !now.has(id));
        tell(`  ${before.length} shards become ${now.size}, of which ${gone.length} end`);
        expect(gone.length).toBeGreaterThan(0);
        const which = `stowage.dev/shard in (${gone.join(', ')})`;
        await fleet.kubectl('delete', 'deployments,configmaps,poddisruptionbudgets', '--selector', which);
        await fleet.kubectl('wait', '--for=delete', 'pods', '--selector', which, '--timeout=120s');
      });
      expect(result.failures).toEqual([]);
    });
  });
}

/** Number i adds i, whatever serves it. */
function modelsOf(size: Size, withTriton: boolean): readonly SumModel[] {
  const sklearn = Array.from({ length: size.models }, (_, i): SumModel => {
    const replicas = i < size.withThirdCopy ? size.replicas + 1 : size.replicas;
    return { name: `m${String(i).padStart(3, '0')}`, format: 'sklearn', replicas };
  });
  // Of one copy: a roll and a move keep even that up.
  const triton = [2, 2, 1].map((replicas, i): SumModel => ({ name: `t${i}`, format: 'python', replicas }));
  return withTriton ? [...sklearn, ...triton] : sklearn;
}

/** As many models a shard as make the number of shards that is wanted. */
function shapeOf(size: Size, models: readonly SumModel[]): FleetShape {
  const held = size.layout === 'equal' ? size.models : size.models * size.replicas + size.withThirdCopy;
  const modelsPerShard = Math.ceil(held / size.shards);
  return { name: `sums-${size.layout}`, layout: size.layout, models, modelsPerShard, routers: size.routers };
}

/** `model in shard` of each copy. */
function placesOf({ planned }: FleetOnCluster): ReadonlySet<string> {
  return new Set(planned.plan.shards.flatMap(({ id, models }) => models.map((model) => `${model} in ${id}`)));
}
