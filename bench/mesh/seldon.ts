import { join } from 'node:path';
import { envoyBootstrap } from '../../src/mesh/xds/bootstrap';
import { fromMeshd } from '../../src/mesh/xds/listeners';
import { answeredFrom, until } from './ask';
import { live, startAll } from './changes';
import { compare, type Kind, type Turns } from './compare';
import type { Reply } from './control';
import { medianAndMost, megabytes, milliseconds } from './figures';
import { type Asked, load } from './load';
import { cpuOf, freePort, type Processes, rss, tell } from './processes';
import type { Section } from './report';
import { Router, startUpstream } from './router';
import type { SeldonCommand } from './seldon-control';
import { routeTable } from './seldon-shape';
import { httpListener, withListeners, withoutListeners } from './shapes';
import { inferPath, modelName, podAddress, randomBelow, shardOf } from './topology';

const sizes = { models: 10_000, shards: 100, copies: 1 };
const changes = 15;

/** Ours and a Seldon-shaped configuration, each in an Envoy of its own, with the same pods, at the same time. */
export async function seldonSection(processes: Processes, turns: Turns): Promise<Section> {
  const upstreamPort = await startUpstream(processes);
  const ours = await Router.prepare(processes, { sizes, protocol: 'v2-rest', upstreamPort });
  const alone = await ours.weighAlone();
  const ourStart = await startAll(ours, sizes);
  const theirs = await startSeldonShape(processes, upstreamPort);

  // One change at a time, in turns.
  const moves: Record<'ours' | 'theirs' | 'added' | 'oursAdded', number[]> = {
    ours: [],
    theirs: [],
    added: [],
    oursAdded: [],
  };
  const timed = async (list: number[], change: () => Promise<unknown>, seen: () => Promise<boolean>) => {
    const at = performance.now();
    await change();
    await until(seen, 'one change');
    list.push(performance.now() - at);
    await new Promise((done) => setTimeout(done, 100));
  };
  for (let i = 0; i < changes; i++) {
    await timed(moves.ours, () => ours.move(i, 1), live(ours, sizes, i, 1));
    await timed(moves.theirs, () => theirs.tell({ type: 'move', model: i }), theirs.live(i, 1));
    await timed(moves.oursAdded, () => ours.add(), live(ours, sizes, sizes.models + i, 0));
    await timed(moves.added, () => theirs.tell({ type: 'add' }), theirs.live(sizes.models + i, 0));
  }

  const random = randomBelow(5);
  const any = () => random(sizes.models);
  const last = sizes.models - 1;
  const plain = (model: number): Asked => ({ path: inferPath(model) });
  const named = (model: number): Asked => ({ ...plain(model), headers: `seldon-model: ${modelName(model)}\r\n` });
  const ways: readonly [name: string, pid: number, port: number, next: () => Asked, against: string][] = [
    ['ours: bare route', ours.pid, ours.ports.bare, () => plain(1), ''],
    ['ours: at random', ours.pid, ours.ports.mesh, () => plain(any()), 'ours: bare route'],
    ['ours: the last model', ours.pid, ours.ports.mesh, () => plain(last), 'ours: bare route'],
    ['Seldon-shaped: bare route', theirs.pid, theirs.bare, () => plain(1), ''],
    ['Seldon-shaped: at random', theirs.pid, theirs.port, () => named(any()), 'ours: at random'],
    ['Seldon-shaped: the first model', theirs.pid, theirs.port, () => named(0), 'Seldon-shaped: bare route'],
    ['Seldon-shaped: the last model', theirs.pid, theirs.port, () => named(last), 'ours: the last model'],
  ];
  const kinds = ways.map(
    ([name, pid, port, next, against]): Kind => ({
      ...{ name, pid, against: [against] },
      load: (ms) => load({ port, connections: 4, ms, next }),
    }),
  );
  const requests = await compare(kinds, turns);
  const over = (bytes: number) => `${megabytes(bytes)} (${megabytes(bytes - alone)} over one model)`;
  const cpu = (server: number, envoy: number) => `${milliseconds(server)}, ${milliseconds(envoy)}`;
  return {
    title: `Beside a Seldon-shaped configuration: ${sizes.models.toLocaleString('en')} models on ${sizes.shards} pods`,
    notes: [
      'Seldon Core 2 is known to give each model two clusters (HTTP, gRPC) and two routes, tried one after the other. That shape, written here anew and served by the same delta ADS over a socket, in the same Envoy with the same options and statistics; none of Seldon’s programs runs. Its scheduler also waits 250 ms to batch changes, which is not counted.',
      'Both Envoys run at the same time; starts follow each other. In ours a model has one scope, a set of pods one cluster (REST). A move changes a scope in ours, and the endpoints of two clusters in the other; a new model there is two clusters and the whole route table again.',
    ],
    tables: [
      {
        head: ['what', 'ours', 'Seldon-shaped'],
        rows: [
          ['start to the last model live', milliseconds(ourStart.startMs), milliseconds(theirs.startMs)],
          [
            'of that, CPU of the server, of Envoy',
            cpu(ourStart.serverCpuMs, ourStart.envoyCpuMs),
            cpu(theirs.cpuMs, theirs.envoyCpuMs),
          ],
          ['Envoy', over(ourStart.envoyBytes), over(theirs.envoyBytes)],
          ['Envoy after the requests', megabytes(rss(ours.pid)), megabytes(rss(theirs.pid))],
          ['xDS server', megabytes(ourStart.serverBytes), megabytes(theirs.rssBytes)],
          [
            `one model moved, to live, p50 (most) of ${changes}`,
            medianAndMost(moves.ours),
            medianAndMost(moves.theirs),
          ],
          ['one model added, to live', medianAndMost(moves.oursAdded), medianAndMost(moves.added)],
        ],
      },
      requests,
    ],
  };
}

async function startSeldonShape(processes: Processes, upstreamPort: number) {
  const [port, bare] = [await freePort(), await freePort()];
  const socketPath = join(processes.dir, 'seldon.sock');
  const own = envoyBootstrap({
    socketPath,
    nodeId: 'seldon',
    http: { address: '127.0.0.1', port },
    grpc: null,
    adminPort: await freePort(),
  });
  const bootstrap = withListeners(withoutListeners(own), [
    { name: 'bare', port: bare, to: { addresses: ['127.0.0.1'], port: upstreamPort } },
  ]) as { static_resources: { listeners: object[] } };
  const rds = { rds: { route_config_name: routeTable, config_source: fromMeshd } };
  bootstrap.static_resources.listeners.push(httpListener('models', port, rds));

  const began = performance.now();
  const control = processes.fork('seldon-control.ts');
  const send = (command: SeldonCommand) => tell<Reply>(control, command);
  const envoy = processes.envoy('seldon', bootstrap);
  const { models, shards: pods } = sizes;
  const reply = await send({ type: 'start', socketPath, models, pods, port: upstreamPort });
  const pid = envoy.pid as number;
  const seen = (model: number, moved: number) => async () => {
    const from = await answeredFrom(port, inferPath(model), { 'seldon-model': modelName(model) });
    return from === podAddress(shardOf(model, pods, moved));
  };
  await until(seen(models - 1, 0), 'the last model of the Seldon shape');
  const startMs = performance.now() - began;
  const more = { envoyCpuMs: cpuOf(pid) / 1e6, envoyBytes: rss(pid) };
  return { ...reply, ...more, startMs, port, bare, pid, tell: send, live: seen };
}
