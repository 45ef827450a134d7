import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { defineFleet } from '../../../src/declare/define-fleet';
import type { AliasInput } from '../../../src/declare/input';
import { writeRoutes } from '../../../src/local/directory';
import { defaultControlOptions } from '../../../src/mesh/control/options';
import { Meshd } from '../../../src/mesh/meshd';
import { meshdApi } from '../../../src/mesh/meshd-api';
import { DirectorySource } from '../../../src/mesh/source/directory-source';
import { createXdsServer } from '../../../src/mesh/xds/server';
import { routeTables } from '../../../src/render/route-table-parts';
import { ask } from '../xds/asking';
import { startEchoPod } from '../xds/echo-pod';
import { findEnvoy, freePort, startEnvoy } from '../xds/envoy-bed';
import { FleetDirectory } from './fleet-directory';

const envoy = findEnvoy();

/** The files of a fleet's aliases, as synthesis writes them. */
function filesOf(...aliases: AliasInput[]): Record<string, string> {
  const models = ['1', '2'].map((version) => ({
    ...{ name: 'm', version, format: 'sklearn', storageUri: 's3://m', memory: '1Gi' },
  }));
  const fleet = defineFleet({ name: 'test', pools: [{ name: 'cpu', cpu: 16, memory: '64Gi' }], models, aliases });
  return Object.assign({}, ...routeTables(fleet).map(({ data }) => data));
}

it.skipIf(envoy.missing !== null)(
  `declared weights are live as soon as their file is there, without a restart (${envoy.missing ?? 'real Envoy'})`,
  async () => {
    const fleet = new FleetDirectory();
    const pods = await Promise.all(['p1', 'p2'].map((name) => startEchoPod(name)));
    const meshdPort = await freePort();
    const router = await startEnvoy(envoy.path as string, { meshdPort });
    const sink = await createXdsServer({ socketPath: router.socketPath, keying: 'name' });
    const meshd = new Meshd({
      ...{ fleet: 'test', router: 'router-1', sink, log: () => undefined, batchMs: 20, firstBatchMs: 1, tickMs: 50 },
      source: new DirectorySource(fleet.path, { rescanMs: 200 }),
      control: { ...defaultControlOptions, startPatienceMs: 2_000 },
    });
    const api = meshdApi({ meshd, envoyAdminPort: null, routerDrainMs: 10, log: () => undefined });
    await new Promise<void>((done) => api.listen(meshdPort, '127.0.0.1', done));
    const infer = () => ask(router.http, 'POST', '/v2/models/live/infer', { body: '{}' });
    /** How many of n requests each pod gets; all must be answered. */
    const counts = async (n: number): Promise<readonly number[]> => {
      for (const pod of pods) pod.seen.length = 0;
      for (let i = 0; i < n; i++) expect((await infer()).status).toBe(200);
      return pods.map(({ seen }) => seen.length);
    };
    const until = async (fact: () => Promise<boolean>) => {
      for (let i = 0; !(await fact()); i++) {
        if (i > 500) throw new Error(`not so in time: ${fact}`);
        await sleep(20);
      }
    };
    const split = (first: number, second: number): AliasInput => ({
      name: 'live',
      targets: [
        { model: 'm@1', weight: first },
        { model: 'm@2', weight: second },
      ],
    });
    try {
      for (const [i, pod] of pods.entries()) {
        fleet.writeTable(`s${i + 1}`, [`default/m@${i + 1}`]);
        await fleet.addPod(`s${i + 1}-0`, `s${i + 1}`, pod.endpoint.http);
      }
      writeRoutes(fleet.path, filesOf(split(1, 0)));
      meshd.start();
      await router.live();
      await until(async () => (await infer()).status === 200);
      expect(await counts(30)).toEqual([30, 0]);
      const listed = await ask(router.http, 'GET', '/v1/models');
      expect(JSON.parse(listed.body)).toEqual({
        object: 'list',
        data: ['default~m~1', 'live', 'm'].map((id) => ({ id, object: 'model', created: 0, owned_by: 'default' })),
        models: ['default~m~1', 'live', 'm'],
      });

      const bySplit = (first: number) => () => {
        const [alias] = meshd.state({ shard: null, models: 'all' }).aliases.list;
        return Promise.resolve(
          alias?.targets[0]?.shareMicro === first && !meshd.state({ shard: null, models: 'none' }).routes.underWay,
        );
      };
      writeRoutes(fleet.path, filesOf(split(90, 10)));
      await until(bySplit(900_000));
      const [first = 0, second = 0] = await counts(400);
      expect(first + second).toBe(400);
      // Six standard deviations of 40.
      expect(Math.abs(second - 40)).toBeLessThanOrEqual(36);

      // The second version goes away: the first takes its part.
      await fleet.removePod('s2-0');
      await until(bySplit(1_000_000));
      expect(await counts(30)).toEqual([30, 0]);

      writeRoutes(fleet.path, {});
      await until(async () => (await infer()).status === 404);
      expect(pods[0]?.seen[0]?.path).toBe('/v2/models/default~m~1/infer');
    } finally {
      api.close();
      api.closeAllConnections();
      await meshd.stop();
      await router.stop();
      await sink.close();
      await fleet.close();
      for (const pod of pods) await pod.close();
    }
  },
  60_000,
);
