import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesSource } from '../../../src/mesh/source/kubernetes-source';
import { entry, sourceTable } from '../control/tables';
import { ApiServer, whyNoApiServer } from './api-server';
import { Heard } from './heard';

const reason = whyNoApiServer();
const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const labels = (shard: string, fleet = 'shop') => ({
  'app.kubernetes.io/component': 'shard',
  'stowage.dev/fleet': fleet,
  'stowage.dev/shard': shard,
});

function configMap(shard: string, part: number, keys: readonly string[], fleet = 'shop') {
  const models = keys.map((key) => entry(key));
  const text = sourceTable(shard, 1, models).parts['models-0.jsonl'] ?? '';
  const metadata = { name: `${fleet}-${shard}-models-${part}`, labels: labels(shard, fleet) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [`models-${part}.jsonl`]: text } };
}

function pod(name: string, shard: string) {
  const spec = { containers: [{ name: 'server', image: 'none' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: labels(shard) }, spec };
}

describe.skipIf(reason !== null)(`a fleet in Kubernetes${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let server: ApiServer;
  let source: KubernetesSource;
  let heard: Heard;

  beforeAll(async () => {
    server = await ApiServer.start();
    await server
      .must('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
      .catch(() => undefined);
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    heard = new Heard();
    const { access } = server;
    source = new KubernetesSource({ fleet: 'shop', namespace: 'default', access, firstRetryMs: 50, lastRetryMs: 500 });
  });
  afterEach(async () => {
    await source.stop();
    for (const path of [maps, pods]) await server.must('DELETE', `${path}?gracePeriodSeconds=0`);
  });

  async function setRunning(name: string, podIP: string): Promise<void> {
    await server.must('PATCH', `${pods}/${name}/status`, {
      status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
    });
  }

  it('is listed, then watched: tables by part, pods once they have an address', async () => {
    await server.must('POST', maps, configMap('s1', 0, ['t/a@1']));
    await server.must('POST', maps, configMap('s9', 0, ['t/z@1'], 'other'));
    await server.must('POST', pods, pod('s1-0', 's1'));
    source.start(heard);
    await heard.until(() => heard.synced);
    expect(heard.tables).toEqual({ s1: ['t/a@1'] });
    expect(heard.pods).toEqual({});

    await setRunning('s1-0', '10.0.0.7');
    await heard.until(() => heard.pods['s1-0']?.address === '10.0.0.7');
    expect(heard.pods['s1-0']).toMatchObject({ shard: 's1', alive: true, ports: { agent: 9300, proxy: 9301 } });
    expect(heard.pods['s1-0']?.token).toMatch(/^[0-9a-f-]{36}$/);

    await server.must('POST', maps, configMap('s1', 4, ['t/b@1']));
    await heard.until(() => heard.tables.s1?.length === 2);
    await server.must('PUT', `${maps}/shop-s1-models-0`, configMap('s1', 0, []));
    await heard.until(() => heard.tables.s1?.length === 1);
    await server.must('DELETE', `${maps}/shop-s1-models-0`);
    await server.must('DELETE', `${maps}/shop-s1-models-4`);
    await heard.until(() => !('s1' in heard.tables));
    await server.must('DELETE', `${pods}/s1-0?gracePeriodSeconds=0`);
    await heard.until(() => !('s1-0' in heard.pods));
    expect(heard.revisionsGrow).toBe(true);
  });

  it('tells aliases of all parts, as they change', async () => {
    const part = (number: number, weight: number, fleet = 'shop') => {
      const targets = [{ model: 't/a@1', weight }];
      const lines = [
        { routeTableVersion: 1, fleet, part: number },
        { alias: `t/live${number}`, tenant: 't', name: `live${number}`, targets },
      ];
      const own = {
        'app.kubernetes.io/component': 'router',
        'stowage.dev/fleet': fleet,
        'stowage.dev/table': 'routes',
      };
      return {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `${fleet}-routes-${number}`, labels: own },
        data: { [`routes-${number}.jsonl`]: lines.map((line) => JSON.stringify(line)).join('\n') },
      };
    };
    await server.must('POST', maps, part(0, 1));
    await server.must('POST', maps, part(7, 1, 'other'));
    source.start(heard);
    await heard.until(() => heard.synced);
    expect(heard.aliases).toEqual({ 't/live0': ['t/a@1 1'] });
    await server.must('POST', maps, part(32, 5));
    await heard.until(() => heard.aliases['t/live32'] !== undefined);
    await server.must('PUT', `${maps}/shop-routes-0`, part(0, 7));
    await heard.until(() => heard.aliases['t/live0']?.[0] === 't/a@1 7');
    await server.must('DELETE', `${maps}/shop-routes-32`);
    await heard.until(() => heard.aliases['t/live32'] === undefined);
    expect(heard.tables).toEqual({});
    expect(heard.revisionsGrow).toBe(true);
  });

  it('says that a pod is about to end as soon as its end is decided', async () => {
    await server.must('POST', pods, { ...pod('s1-0', 's1'), spec: { ...pod('s1-0', 's1').spec, nodeName: 'n1' } });
    await setRunning('s1-0', '10.0.0.7');
    source.start(heard);
    await heard.until(() => heard.pods['s1-0']?.alive === true);
    await server.must('DELETE', `${pods}/s1-0?gracePeriodSeconds=60`);
    await heard.until(() => heard.pods['s1-0']?.alive === false);
  });

  it('keeps what it knows while the API server is away, and catches up', async () => {
    await server.must('POST', maps, configMap('s1', 0, ['t/a@1']));
    await server.must('POST', maps, configMap('s2', 0, ['t/b@1']));
    source.start(heard);
    await heard.until(() => heard.synced);
    await server.down();
    await heard.until(() => heard.problem !== null);
    expect(heard.problem).toContain('STW6002');
    expect(Object.keys(heard.tables)).toEqual(['s1', 's2']);
    await server.up();
    await server.must('PUT', `${maps}/shop-s1-models-0`, configMap('s1', 0, ['t/c@1']));
    await server.must('DELETE', `${maps}/shop-s2-models-0`);
    await heard.until(
      () => heard.tables.s1?.[0] === 't/c@1' && !('s2' in heard.tables) && heard.problem === null,
      60_000,
    );
  });
});
