import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Simulation } from '../../src/ondemand/simulate';
import { gpuModel, jsonLines, smallFleet } from './fleets';
import { cleanUp, directoryWith, stowage } from './stowage';

afterAll(cleanUp);

const names = Array.from({ length: 150 }, (_, i) => `m${String(i).padStart(3, '0')}`);
const onDemand = (name: string, i: number) =>
  gpuModel(name, '800Mi', {
    residency: 'on-demand',
    memory: '32Mi',
    disk: '256Mi',
    pools: ['l4'],
    requestsPerSecond: 0.5 / (i + 1),
    gpuSecondsPerRequest: 0.01,
  });

const project = (more = '') => ({
  'fleet.yaml': `${smallFleet('{ pods: 50 }')}packing: { onDemand: { targetColdStartRate: 0.1 } }\n`,
  'models/a.jsonl': jsonLines(names.map(onDemand)) + more,
});

describe('stowage simulate', () => {
  it('shows forecast beside replay, the same each time', () => {
    const cwd = directoryWith(project(jsonLines([gpuModel('always', '1Gi', { requestsPerSecond: 3 })])));
    const args = ['simulate', '--hours', '20', '--room', 'reserve', '--format', 'json'];
    const run = stowage(args, { cwd });
    expect(run.status, run.stderr).toBe(0);
    const simulation = JSON.parse(run.stdout) as Simulation;
    expect(simulation).toMatchObject({ fleet: 'zoo', onDemandModels: 150, modelsWithoutRate: 0, room: 'reserve' });
    const { forecast, replay } = simulation;
    expect(replay.requests).toBeGreaterThan(100_000);
    expect(forecast.coldStartMicro).toBeLessThanOrEqual(100_000);
    expect(replay.coldStartMicro).toBeLessThan(100_000);
    expect(Math.abs(replay.coldStartMicro - forecast.coldStartMicro)).toBeLessThan(20_000);
    expect(forecast.meanLoadMillis).toBe(2500);
    expect(replay.meanWaitMillis).toBeGreaterThan(1000);
    expect(simulation.shards.reduce((sum, shard) => sum + shard.replay.requests, 0)).toBe(replay.requests);
    expect(simulation.curves).toHaveLength(1);
    expect(stowage(args, { cwd }).stdout).toBe(run.stdout);
    const bursts = stowage([...args, '--bursts', '--seed', '3'], { cwd });
    expect((JSON.parse(bursts.stdout) as Simulation).trace).toMatchObject({ bursts: true, seed: 3 });
  });

  it('prints text and Markdown, to a file too', () => {
    const cwd = directoryWith(project());
    const text = stowage(['simulate', '--hours', '1'], { cwd, env: { COLUMNS: '90' } });
    expect(text.stdout).toContain('150 on-demand models, 60.0 min of Poisson requests (seed 1)');
    expect(text.stdout).toContain('Memory against cold starts');
    expect(Math.max(...text.stdout.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(90);
    expect(stowage(['simulate', '--hours', '1', '-f', 'markdown', '--out', 'report.md'], { cwd }).stdout).toBe('');
    expect(readFileSync(join(cwd, 'report.md'), 'utf8')).toContain('| shard | models |');
  });

  it('replays a recorded trace', () => {
    const cwd = directoryWith({
      ...project(),
      'requests.csv': 'time_s,model,caller\n0.5,m001,a\n3,default/m002@1,b\n2,m001@1,c\n4,elsewhere,d\n',
    });
    const run = stowage(['simulate', '--trace', 'requests.csv', '--format', 'json'], { cwd });
    expect(run.stderr).toContain("1 of the trace's requests are for models that the fleet does not declare");
    expect(JSON.parse(run.stdout)).toMatchObject({ trace: { kind: 'recorded', seconds: 3 }, replay: { requests: 3 } });
    writeFileSync(join(cwd, 'requests.csv'), 'time_s,model\nsoon,m001\n-1,m001\n1\n');
    const wrong = stowage(['simulate', '--trace', 'requests.csv'], { cwd });
    expect(wrong.status).toBe(1);
    for (const line of [2, 3, 4]) expect(wrong.stderr).toContain(`STW1003 requests.csv:${line}`);
    writeFileSync(join(cwd, 'requests.csv'), 'at,model\n1,m001\n');
    expect(stowage(['simulate', '--trace', 'requests.csv'], { cwd }).stderr).toContain('time_s and model');
    writeFileSync(join(cwd, 'requests.csv'), 'time_s,model\n1,other\n');
    expect(stowage(['simulate', '--trace', 'requests.csv'], { cwd }).stderr).toContain('STW5007');
  });

  it('says where there is nothing to simulate, and what is wrong with options', () => {
    const cwd = directoryWith({ 'fleet.yaml': smallFleet(), 'models/a.jsonl': jsonLines([gpuModel('a')]) });
    const run = stowage(['simulate'], { cwd });
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('no on-demand models');
    expect(stowage(['simulate', '--hours', 'few'], { cwd }).stderr).toContain('STW5002');
    expect(stowage(['simulate', '--seed', '1.5'], { cwd }).stderr).toContain('STW5002');
  });
});
