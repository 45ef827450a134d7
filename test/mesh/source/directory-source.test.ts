import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectorySource } from '../../../src/mesh/source/directory-source';
import { entry, sourceTable } from '../control/tables';
import { Heard } from './heard';

let directory: string;
let source: DirectorySource;
let heard: Heard;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stowage-source-'));
  mkdirSync(join(directory, 'shards'));
  heard = new Heard();
  source = new DirectorySource(directory, { rescanMs: 200 });
});

afterEach(async () => {
  await source.stop();
  rmSync(directory, { recursive: true });
});

function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function writeTable(shard: string, keys: readonly string[], file = 'models-0.jsonl'): void {
  mkdirSync(join(directory, 'shards', shard), { recursive: true });
  const models = keys.map((key) => entry(key));
  const text = sourceTable(shard, 1, models).parts['models-0.jsonl'] ?? '';
  replace(join(directory, 'shards', shard, file), text);
}

function writePods(pods: readonly object[]): void {
  replace(join(directory, 'pods.json'), JSON.stringify(pods));
}

const pod = { pod: 's1-0', shard: 's1', address: '127.0.0.2', token: 'secret', ports: { http: 9000, grpc: null } };

describe('a fleet directory', () => {
  it('is told whole, then as it changes', async () => {
    writeTable('s1', ['t/a@1', 't/b@1']);
    writeTable('s2', []);
    writePods([pod]);
    source.start(heard);
    await heard.until(() => heard.synced);
    expect(heard.tables).toEqual({ s1: ['t/a@1', 't/b@1'], s2: [] });
    expect(heard.pods['s1-0']).toEqual({
      ...pod,
      zone: null,
      alive: true,
      ports: { agent: 9300, proxy: 9301, http: 9000, grpc: null },
    });

    writeTable('s1', ['t/a@1']);
    writeTable('s3', ['t/b@1']);
    await heard.until(() => heard.tables.s1?.length === 1 && heard.tables.s3?.length === 1);
    writeTable('s1', ['t/c@1'], 'models-4.jsonl');
    await heard.until(() => heard.tables.s1?.length === 2);
    rmSync(join(directory, 'shards', 's1', 'models-4.jsonl'));
    await heard.until(() => heard.tables.s1?.length === 1);
    rmSync(join(directory, 'shards', 's2'), { recursive: true });
    await heard.until(() => !('s2' in heard.tables));
    writePods([{ ...pod, pod: 's1-1', address: '127.0.0.3' }]);
    await heard.until(() => heard.pods['s1-1'] !== undefined && heard.pods['s1-0'] === undefined);
    expect(heard.revisionsGrow).toBe(true);
  });

  it('tells aliases as they come, change, break and go', async () => {
    const routes = (...weights: readonly (readonly [string, number])[]) => {
      const targets = weights.map(([model, weight]) => ({ model, weight }));
      const lines = [
        { routeTableVersion: 1, fleet: 'f', part: 0 },
        { alias: 't/live', tenant: 't', name: 'live', targets },
      ];
      mkdirSync(join(directory, 'routes'), { recursive: true });
      replace(join(directory, 'routes', 'routes-0.jsonl'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
    };
    writeTable('s1', ['t/a@1']);
    writePods([pod]);
    source.start(heard);
    await heard.until(() => heard.synced);
    expect(heard.events.some(({ type }) => type === 'aliases-changed')).toBe(false);
    routes(['t/a@1', 9], ['t/a@2', 1]);
    await heard.until(() => heard.aliases['t/live']?.length === 2);
    routes(['t/a@2', 5]);
    await heard.until(() => heard.aliases['t/live']?.[0] === 't/a@2 5');
    routes(['u/a@2', 5]);
    await heard.until(() => heard.brokenAliases !== null);
    expect(heard.brokenAliases).toContain('another tenant');
    expect(heard.aliases['t/live']).toHaveLength(1);
    routes(['t/a@3', 5]);
    await heard.until(() => heard.aliases['t/live']?.[0] === 't/a@3 5');
    rmSync(join(directory, 'routes'), { recursive: true });
    await heard.until(() => heard.aliases['t/live'] === undefined);
    expect(heard.revisionsGrow).toBe(true);
  });

  it('says nothing about files that are written again as they were', async () => {
    writeTable('s1', ['t/a@1']);
    writePods([pod]);
    source.start(heard);
    await heard.until(() => heard.synced);
    const before = heard.events.length;
    writeTable('s1', ['t/a@1']);
    writePods([pod]);
    writeTable('s2', []);
    await heard.until(() => heard.tables.s2 !== undefined);
    expect(heard.events.length).toBe(before + 1);
  });

  it('keeps what it knew while a file is broken, says so, and recovers', async () => {
    writeTable('s1', ['t/a@1']);
    source.start(heard);
    await heard.until(() => heard.problem !== null);
    expect(heard.problem).toContain('pods.json');
    expect(heard.synced).toBe(false);
    writePods([pod]);
    await heard.until(() => heard.synced && heard.problem === null);

    replace(join(directory, 'pods.json'), '[{"pod":"x"}]');
    await heard.until(() => heard.problem !== null);
    expect(heard.problem).toContain('STW6003');
    expect(Object.keys(heard.pods)).toEqual(['s1-0']);
    writePods([pod]);
    await heard.until(() => heard.problem === null);

    replace(join(directory, 'shards', 's1', 'models-0.jsonl'), '{"tableVersion":9}\n');
    await heard.until(() => heard.broken.s1 !== undefined);
    expect(heard.broken.s1).toContain('STW4006');
    expect(heard.tables.s1).toEqual(['t/a@1']);
    writeTable('s1', ['t/b@1']);
    await heard.until(() => heard.tables.s1?.[0] === 't/b@1');
  });
});
