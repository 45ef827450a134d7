import { changeSome, startAll } from './changes';
import type { Turns } from './compare';
import { medianAndMost, megabytes, milliseconds } from './figures';
import { cpuOf, type Processes, rss } from './processes';
import { figures, type Section } from './report';
import { compareRequests } from './requests';
import { restartControl } from './restart';
import { Router, startUpstream } from './router';
import type { Sizes } from './topology';

/** Start, changes, requests and restart of Envoy with the mesh's xDS server. */
export async function coreSection(processes: Processes, sizes: Sizes, turns: Turns): Promise<Section> {
  const upstreamPort = await startUpstream(processes);
  const router = await Router.prepare(processes, { sizes, protocol: 'v2-rest', upstreamPort });
  const alone = await router.weighAlone();
  const started = await startAll(router, sizes);
  const changed = await changeSome(router, sizes, 30);
  const idle = await idleShare(router.pid);
  const requests = await compareRequests(router, sizes, changed.moved, turns);
  const afterLoad = rss(router.pid);
  const restart = await restartControl(router, sizes, 30);
  await router.stop();
  const { models, shards, copies } = sizes;
  return {
    title: `${models.toLocaleString('en')} models on ${shards.toLocaleString('en')} sets of ${copies} pods`,
    notes: [
      'Envoy and the xDS server alone; pods are one process that answers at once.',
      'A bare route to all pods is one route to one cluster of as many endpoints, least request, whose connections close as early as those of the mesh: what it costs beside the bare route of four hot connections is what cold connections cost.',
    ],
    tables: [
      figures([
        ['start of both processes to the last model live', milliseconds(started.startMs), '5 s'],
        [
          'of that, CPU of the server, of Envoy',
          `${milliseconds(started.serverCpuMs)}, ${milliseconds(started.envoyCpuMs)}`,
        ],
        ['one change to live, p50 (most) of 30', medianAndMost(changed.singleMs), '250 ms'],
        [`${changed.bulk} changes at once to live`, milliseconds(changed.bulkMs), '1 s'],
        ['server killed, back and in sync', milliseconds(restart.ms), '10 s'],
        ['requests meanwhile, failed', `${restart.requests}, ${restart.failures}`, '0 failed'],
        ['Envoy without requests, of one core', `${(idle * 100).toFixed(1)} %`],
        ['Envoy with one model', megabytes(alone)],
        ['Envoy with all', megabytes(started.envoyBytes), '300 MB more'],
        ['Envoy after the requests', megabytes(afterLoad)],
        ['xDS server', megabytes(started.serverBytes)],
      ]),
      requests,
    ],
  };
}

/** A start and a few changes, where asking in turns would take too long. */
export async function scopesSection(processes: Processes, sizes: Sizes): Promise<Section> {
  const upstreamPort = await startUpstream(processes);
  const router = await Router.prepare(processes, { sizes, protocol: 'v2-rest', upstreamPort });
  const alone = await router.weighAlone();
  const started = await startAll(router, sizes);
  const changed = await changeSome(router, sizes, 10);
  const restart = await restartControl(router, sizes, changed.moved);
  const afterwards = rss(router.pid);
  await router.stop();
  return {
    title: `${sizes.models.toLocaleString('en')} scopes on ${sizes.shards.toLocaleString('en')} sets`,
    notes: ['Far beyond what is asked of the mesh: what happens then.'],
    tables: [
      figures([
        ['start of both processes to the last model live', milliseconds(started.startMs)],
        [
          'of that, CPU of the server, of Envoy',
          `${milliseconds(started.serverCpuMs)}, ${milliseconds(started.envoyCpuMs)}`,
        ],
        ['one change to live, p50 (most) of 10', medianAndMost(changed.singleMs)],
        [`${changed.bulk} changes at once to live`, milliseconds(changed.bulkMs)],
        ['server killed, back and in sync', milliseconds(restart.ms)],
        ['requests meanwhile, failed', `${restart.requests}, ${restart.failures}`],
        ['Envoy with one model', megabytes(alone)],
        ['Envoy with all', megabytes(started.envoyBytes)],
        ['Envoy after changes and restart', megabytes(afterwards)],
        ['xDS server', megabytes(started.serverBytes)],
      ]),
    ],
  };
}

async function idleShare(pid: number): Promise<number> {
  const from = cpuOf(pid);
  await new Promise((done) => setTimeout(done, 3000));
  return (cpuOf(pid) - from) / 3e9;
}
