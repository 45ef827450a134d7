import { setTimeout as sleep } from 'node:timers/promises';
import type { Reported } from './agents';
import { until } from './ask';
import { medianAndMost, megabytes, milliseconds } from './figures';
import { LiveMesh } from './live-mesh';
import { load } from './load';
import { cpuOf, type Processes, peakRss, rss } from './processes';
import { figures, type Section } from './report';
import { inferPath, modelName, randomBelow, type Sizes } from './topology';

const moves = 30;

/** The real meshd: start, one model's move from the agent's report on, memory, and its death. */
export async function meshdSection(processes: Processes, { models, shards }: Sizes): Promise<Section> {
  const mesh = await LiveMesh.prepare(processes, { models, shards, podsPerShard: 1 }, true);
  const began = performance.now();
  mesh.startMeshd();
  mesh.startEnvoy();
  await until(mesh.live(models - 1), 'the last model');
  const startMs = performance.now() - began;
  const startCpuMs = cpuOf(mesh.meshdPid) / 1e6;
  const atStart = rss(mesh.meshdPid);

  const fromTables: number[] = [];
  const fromReport: number[] = [];
  for (let model = 0; model < moves; model++) {
    await sleep(500);
    const moved = await moveOne(mesh, model);
    fromTables.push(moved.fromTablesMs);
    fromReport.push(moved.fromReportMs);
  }
  const afterMoves = rss(mesh.meshdPid);
  const peak = peakRss(mesh.meshdPid);
  const restart = await restartMeshd(mesh);
  return {
    title: `meshd as one process: ${models.toLocaleString('en')} models on ${shards.toLocaleString('en')} pods`,
    notes: [
      'The program `meshd` as built, reading a directory. One process plays the agents and model servers of all pods: each answers for what it holds, and 404 else.',
      'A move is a change of two tables: meshd reads them, sends them to the agents, the new one loads for 20 ms and reports; meshd plans at most each 100 ms, and Envoy takes the route.',
    ],
    tables: [
      figures([
        ['start of meshd and Envoy to the last model live', milliseconds(startMs), '5 s'],
        ['of that, CPU of meshd', milliseconds(startCpuMs)],
        [`one move, from the agent’s report to live, p50 (most) of ${moves}`, medianAndMost(fromReport), '250 ms'],
        ['one move, from its tables to live', medianAndMost(fromTables)],
        ['meshd after the start', megabytes(atStart)],
        ['meshd after the moves (most ever)', `${megabytes(afterMoves)} (${megabytes(peak)})`, '400 MB'],
        ['meshd killed, back and a move made meanwhile live', milliseconds(restart.ms), '10 s'],
        ['requests meanwhile, failed', `${restart.requests}, ${restart.failures}`, '0 failed'],
        ['meshd then', megabytes(rss(mesh.meshdPid)), '400 MB'],
        ['Envoy', megabytes(rss(mesh.envoyPid))],
        ['warnings and errors that meshd logged', mesh.complaints()],
      ]),
    ],
  };
}

async function moveOne(mesh: LiveMesh, model: number): Promise<{ fromTablesMs: number; fromReportMs: number }> {
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const served = `default~${modelName(model)}~1`;
  const at = now();
  const report = reportOf(mesh, served);
  mesh.files.move(model, (mesh.files.shard(model) + 1) % mesh.files.sizes.shards);
  const { atMs } = await report;
  await until(mesh.live(model), 'a moved model');
  const live = now();
  return { fromTablesMs: live - at, fromReportMs: live - atMs };
}

function reportOf(mesh: LiveMesh, served: string): Promise<Reported> {
  return new Promise((done) => {
    const listen = (reported: Reported) => {
      if (reported.served !== served) return;
      mesh.agents.off('message', listen);
      done(reported);
    };
    mesh.agents.on('message', listen);
  });
}

async function restartMeshd(mesh: LiveMesh) {
  const random = randomBelow(11);
  const { models, shards } = mesh.files.sizes;
  let back = false;
  const asked = load({
    port: mesh.ports.mesh,
    connections: 2,
    ms: 600_000,
    paceMs: 5,
    next: () => ({ path: inferPath(random(models)) }),
    over: () => back,
  });
  await mesh.killMeshd();
  mesh.files.move(moves, (mesh.files.shard(moves) + 1) % shards);
  await sleep(500);
  const at = performance.now();
  mesh.startMeshd();
  await until(mesh.live(moves), 'a model moved while meshd was away');
  const ms = performance.now() - at;
  await sleep(1000);
  back = true;
  const { requests, failures } = await asked;
  return { ms, requests, failures };
}
