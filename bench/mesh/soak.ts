import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './ask';
import { median, megabytes, slope } from './figures';
import { LiveMesh } from './live-mesh';
import { type Load, load } from './load';
import { cpuOf, type Processes, rss } from './processes';
import { figures, type Section, type Table } from './report';
import { inferPath, randomBelow } from './topology';

const sizes = { models: 30_000, shards: 300, podsPerShard: 2 };
const movesASecond = 20;
const requestsASecond = 200;
const sampleMs = 10_000;

interface Sample {
  readonly minutes: number;
  readonly bytes: Readonly<Record<Figure, number>>;
}
const measured = ['meshd', 'meshd’s heap', 'Envoy', 'Envoy’s own count'] as const;
type Figure = (typeof measured)[number];

/** Memory under steady moves and requests, on the real meshd. */
export async function soakSection(processes: Processes, seconds: number): Promise<Section> {
  const mesh = await LiveMesh.prepare(processes, sizes, false);
  mesh.startMeshd();
  mesh.startEnvoy();
  await until(mesh.live(sizes.models - 1), 'the last model');

  const random = randomBelow(13);
  const recent: number[] = [];
  let moves = 0;
  const mover = setInterval(() => {
    const model = random(sizes.models);
    mesh.files.move(model, random(sizes.shards));
    moves++;
    recent[moves % 200] = model;
  }, 1000 / movesASecond);
  // Half of the requests are for models on the move.
  const next = () => ({ path: inferPath((random(2) === 0 ? recent[random(200)] : undefined) ?? random(sizes.models)) });
  let over = false;
  const failed = new Map<string, number>();
  const asked: Promise<Load> = load({
    port: mesh.ports.mesh,
    connections: 4,
    ms: seconds * 1000,
    paceMs: 4000 / requestsASecond,
    next,
    over: () => over,
    onFailure: (_, status) => failed.set(status, (failed.get(status) ?? 0) + 1),
  });
  const samples: Sample[] = [];
  const cpuFrom = [cpuOf(mesh.meshdPid), cpuOf(mesh.envoyPid)];
  const began = performance.now();
  try {
    while (performance.now() - began < seconds * 1000 - sampleMs / 2) {
      await sleep(sampleMs);
      const bytes = await memoryOf(mesh);
      samples.push({ minutes: (performance.now() - began) / 60_000, bytes });
    }
  } finally {
    clearInterval(mover);
    over = true;
  }
  const { requests, failures, p50 } = await asked;
  const [meshdCpu, envoyCpu] = [mesh.meshdPid, mesh.envoyPid].map((pid, i) => {
    const used = cpuOf(pid) - (cpuFrom[i] ?? 0);
    return `${((used / 1e6 / (performance.now() - began)) * 100).toFixed(0)} %`;
  });
  await sleep(3000);
  const misplaced = await countMisplaced(mesh, recent);
  const kinds = [...failed].map(([status, count]) => `${count} x ${status}`).join(', ');
  return {
    title: `Memory over ${seconds} seconds of moves`,
    notes: [
      `The real meshd and Envoy; ${sizes.models.toLocaleString('en')} models on ${sizes.shards} shards of ${sizes.podsPerShard} pods, ${movesASecond} random moves and ${requestsASecond} requests a second, half of them for models on the move. Pods are played as above: a request for a model that its pod does not hold fails.`,
    ],
    tables: [
      memoryTable(samples),
      figures([
        ['moves', `${moves}`],
        ['requests, failed', `${requests}, ${failures}${kinds === '' ? '' : ` (${kinds})`}`, '0 failed'],
        ['p50 of a request', `${p50.toFixed(2)} ms`],
        ['of one core: meshd, Envoy', `${meshdCpu}, ${envoyCpu}`],
        ['recently moved models not where they should be, 3 s after the last move', `${misplaced}`, '0'],
        ['warnings and errors that meshd logged', mesh.complaints()],
      ]),
    ],
  };
}

function memoryTable(samples: readonly Sample[]): Table {
  const third = Math.ceil(samples.length / 3);
  const rows = measured.map((figure) => {
    const of = (list: readonly Sample[]) => list.map(({ minutes, bytes }) => [minutes, bytes[figure]] as const);
    const middle = (list: readonly Sample[]) => median(of(list).map(([, bytes]) => bytes));
    const [first, last] = [middle(samples.slice(0, third)), middle(samples.slice(-third))];
    const growth = slope(of(samples.slice(third)));
    const most = Math.max(...of(samples).map(([, bytes]) => bytes));
    return [figure, megabytes(first), megabytes(last), megabytes(most), `${(growth / 1e6).toFixed(2)} MB a minute`];
  });
  return { head: ['memory', 'first third, median', 'last third, median', 'most', 'slope after the first third'], rows };
}

async function memoryOf(mesh: LiveMesh): Promise<Record<Figure, number>> {
  const metrics = await fetchText(mesh.ports.meshd, '/metrics');
  const envoy = JSON.parse(await fetchText(mesh.ports.admin, '/memory')) as { allocated: string };
  return {
    meshd: rss(mesh.meshdPid),
    'meshd’s heap': heapIn(metrics),
    Envoy: rss(mesh.envoyPid),
    'Envoy’s own count': Number(envoy.allocated),
  };
}

function heapIn(metrics: string): number {
  const found = /^stowage_meshd_nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1];
  if (found === undefined) throw new Error('meshd’s metrics do not say how large its heap is');
  return Number(found);
}

async function countMisplaced(mesh: LiveMesh, models: readonly number[]): Promise<number> {
  let misplaced = 0;
  for (const model of new Set(models.filter((one) => one !== undefined))) if (!(await mesh.live(model)())) misplaced++;
  return misplaced;
}

function fetchText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, timeout: 10_000 }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    }).on('error', reject);
  });
}
